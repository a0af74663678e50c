import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, refuse } from "../../shared/contracts/result";
import { AGAIN, GroupCommit, type GroupCommitHooks, LATER } from "../../shared/durable/group-commit";
import {
  codeOf,
  configOf,
  errorOf,
  granted,
  holdRequest,
  type Inventory,
  inventoryOf,
  openInventory,
  poolsOf,
  rowsOf,
  someId,
  typeDraft,
} from "../support/inventory";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const hooks: GroupCommitHooks<Refusal> = {
  beforeBatch: () => {},
  reconsider: (refusal) => refusal,
  afterBatch: () => undefined,
};

/** A table of notes in an object of its own, where the write path can be tried by itself. */
async function withNotes(
  use: (commits: GroupCommit<Refusal>, ctx: DurableObjectState) => Promise<void>,
  change: Partial<GroupCommitHooks<Refusal>> = {},
) {
  const inventory = inventoryOf(someId());
  await runInDurableObject(inventory, async (_, ctx) => {
    ctx.storage.sql.exec("CREATE TABLE notes (note TEXT PRIMARY KEY) STRICT");
    await use(new GroupCommit(ctx, { ...hooks, ...change }), ctx);
  });
}

const write = (ctx: DurableObjectState, note: string) => ctx.storage.sql.exec("INSERT INTO notes VALUES (?)", note);
const notesOf = (ctx: DurableObjectState) =>
  ctx.storage.sql
    .exec<{ note: string }>("SELECT note FROM notes ORDER BY note")
    .toArray()
    .map(({ note }) => note);

/** A command that fails in the middle, after its stock was taken: a real exception out of SQLite. */
const poison = (inventory: Inventory, holdId: string) =>
  runInDurableObject(inventory, (_, { storage }) => {
    storage.sql.exec(
      `CREATE TRIGGER poison AFTER UPDATE ON pools WHEN EXISTS (SELECT 1 FROM holds WHERE id = '${holdId}') BEGIN SELECT RAISE(ABORT, 'poisoned'); END`,
    );
  });

test("one throwing command among 256 hurts nobody else", async () => {
  const type = typeDraft({ quantity: 255 });
  const inventory = await openInventory(configOf([type]));
  const requests = Array.from({ length: 256 }, () => holdRequest(type.id, 1));
  const poisoned = requests[100]?.holdId ?? "";
  await poison(inventory, poisoned);
  const answers = await Promise.all(
    requests.map(async (request) =>
      request.holdId === poisoned ? errorOf(inventory.placeHold(request)) : codeOf(await inventory.placeHold(request)),
    ),
  );
  expect(answers[100]).toContain("poisoned");
  expect(answers.filter((answer) => answer === "ok")).toHaveLength(255);
  expect(await poolsOf(inventory)).toMatchObject([{ held: 255 }]);
  expect(await rowsOf(inventory, `SELECT id FROM holds WHERE id = '${poisoned}'`)).toEqual([]);
  const { commits, commands } = await inventory.commitStatistics();
  expect(commands).toBe(257);
  expect(commits).toBeLessThan(257);
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 1)))).toBe("sold_out");
});

test("64 concurrent callers share commits", async () => {
  const type = typeDraft({ quantity: 10_000 });
  const inventory = await openInventory(configOf([type]));
  const caller = async () => {
    for (let turn = 0; turn < 10; turn++) granted(await inventory.placeHold(holdRequest(type.id, 1)));
  };
  await Promise.all(Array.from({ length: 64 }, caller));
  const { commits, commands, histogram } = await inventory.commitStatistics();
  expect(commands).toBe(641);
  expect(commands / commits).toBeGreaterThan(4);
  const sizes = Object.entries(histogram).map(([size, count]) => [Number(size), count] as const);
  expect(sizes.reduce((sum, [size, count]) => sum + size * count, 0)).toBe(commands);
  expect(sizes.reduce((sum, [, count]) => sum + count, 0)).toBe(commits);
});

test("nobody hears an answer before the commit, and what waits meanwhile shares the next one", async () => {
  await withNotes(async (commits, ctx) => {
    const durable: (() => void)[] = [];
    vi.spyOn(ctx.storage, "sync").mockImplementation(() => new Promise((resolve) => durable.push(resolve)));
    const settled: string[] = [];
    const answers = ["a", "b", "c", "d"].map(async (note) => {
      await commits.run(() => ok(write(ctx, note).rowsWritten));
      settled.push(note);
    });
    const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
    await turn();
    expect([notesOf(ctx), settled]).toEqual([["a"], []]);
    durable.shift()?.();
    await turn();
    expect([notesOf(ctx), settled]).toEqual([["a", "b", "c", "d"], ["a"]]);
    durable.shift()?.();
    await Promise.all(answers);
    expect(settled).toEqual(["a", "b", "c", "d"]);
    expect(commits.statistics()).toEqual({ commits: 2, commands: 4, histogram: { 1: 1, 3: 1 } });
  });
});

test("a batch has a size that it does not pass", async () => {
  await withNotes(async (_, ctx) => {
    const commits = new GroupCommit(ctx, hooks, 2);
    const answers = Array.from({ length: 6 }, (_, n) => commits.run(() => ok(write(ctx, `${n}`).rowsWritten)));
    await Promise.all(answers);
    expect(commits.statistics().histogram).toEqual({ 1: 2, 2: 2 });
  });
});

test("without grouping every command has a commit of its own and waits for no other's", async () => {
  await withNotes(async (_, ctx) => {
    const durable: (() => void)[] = [];
    vi.spyOn(ctx.storage, "sync").mockImplementation(() => new Promise((resolve) => durable.push(resolve)));
    const commits = new GroupCommit(ctx, hooks, 1);
    const answers = ["a", "b", "c"].map((note) => commits.run(() => ok(write(ctx, note).rowsWritten)));
    expect(notesOf(ctx)).toEqual(["a", "b", "c"]);
    expect(durable).toHaveLength(3);
    for (const settle of durable) settle();
    await Promise.all(answers);
    expect(commits.statistics()).toEqual({ commits: 3, commands: 3, histogram: { 1: 3 } });
  });
});

test("a refusal leaves no write and a throw rejects its caller alone, in one batch with their neighbours", async () => {
  await withNotes(async (commits, ctx) => {
    const command = (note: string, end: "keep" | "refuse" | "throw") =>
      commits.run(() => {
        write(ctx, note);
        if (end === "throw") throw new Error(`${note} broke`);
        return end === "keep" ? ok(note) : refuse<Refusal>({ code: "sold_out" });
      });
    const answers = await Promise.allSettled([
      command("alone", "keep"),
      command("first", "keep"),
      command("refused", "refuse"),
      command("thrown", "throw"),
      command("last", "keep"),
    ]);
    expect(answers.map((answer) => (answer.status === "fulfilled" ? codeOf(answer.value) : String(answer.reason)))).toEqual([
      "ok",
      "ok",
      "sold_out",
      "Error: thrown broke",
      "ok",
    ]);
    expect(notesOf(ctx)).toEqual(["alone", "first", "last"]);
  });
});

test("a refused command may be run again in the room that was made for it, and its first try leaves no write", async () => {
  let tries = 0;
  const reconsider = <E extends Refusal>(refusal: E) => (tries < 3 ? AGAIN : { ...refusal, detail: "nothing more to free" });
  await withNotes(
    async (commits, ctx) => {
      const command = (enough: number) =>
        commits.run(() => {
          tries += 1;
          write(ctx, `try ${tries} of ${enough}`);
          return tries >= enough ? ok(tries) : refuse<Refusal>({ code: "sold_out" });
        });
      expect(await command(3)).toEqual({ ok: true, value: 3 });
      tries = 0;
      expect(await command(9)).toEqual({ ok: false, error: { code: "sold_out", detail: "nothing more to free" } });
      expect(notesOf(ctx)).toEqual(["try 3 of 3"]);
    },
    { reconsider },
  );
});

test("making room that throws half-way undoes itself and rejects its command alone", async () => {
  let makeRoom = (): void => {};
  await withNotes(
    async (commits, ctx) => {
      makeRoom = () => write(ctx, "half-way");
      const answers = await Promise.allSettled([
        commits.run(() => ok(write(ctx, "before").rowsWritten > 0)),
        commits.run(() => refuse<Refusal>({ code: "sold_out" })),
        commits.run(() => ok(write(ctx, "after").rowsWritten > 0)),
      ]);
      expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(notesOf(ctx)).toEqual(["after", "before"]);
    },
    {
      reconsider: () => {
        makeRoom();
        throw new Error("making room broke");
      },
    },
  );
});

test("a refused command that is put off is the first of the next batch, and nobody else waits for it", async () => {
  let full = true;
  await withNotes(
    async (commits, ctx) => {
      const order: string[] = [];
      const command = (note: string, wantsRoom: boolean) =>
        commits
          .run(() => (wantsRoom && full ? refuse<Refusal>({ code: "sold_out" }) : ok(write(ctx, note).rowsWritten)))
          .then(() => order.push(note));
      await Promise.all([command("a", false), command("b", true), command("c", false)]);
      expect(order).toEqual(["a", "c", "b"]);
      expect(commits.statistics()).toEqual({ commits: 3, commands: 3, histogram: { 1: 3 } });
    },
    {
      reconsider: () => {
        full = false;
        return LATER;
      },
    },
  );
});

test("a refusal may be written down where it was decided", async () => {
  await withNotes(async (commits, ctx) => {
    const answer = await commits.run(
      () => {
        write(ctx, "rolled back");
        return refuse<Refusal>({ code: "sold_out" });
      },
      ({ code }) => write(ctx, code),
    );
    expect(codeOf(answer)).toBe("sold_out");
    expect(notesOf(ctx)).toEqual(["sold_out"]);
  });
});

test("housekeeping that throws undoes itself and stops no command", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => {});
  let keepHouse = (): void => {};
  await withNotes(
    async (commits, ctx) => {
      keepHouse = () => {
        write(ctx, "half-way");
        throw new Error("housekeeping broke");
      };
      expect(await commits.run(() => ok(write(ctx, "kept").rowsWritten > 0))).toEqual({ ok: true, value: true });
      expect(notesOf(ctx)).toEqual(["kept"]);
    },
    { beforeBatch: () => keepHouse() },
  );
  expect(errors).toHaveBeenCalledOnce();
});

test("a commit that fails rejects all who wait and starts the object anew", async () => {
  await withNotes(async (commits, ctx) => {
    vi.spyOn(ctx.storage, "sync").mockRejectedValue(new Error("the disk is gone"));
    const abort = vi.spyOn(ctx, "abort").mockImplementation(() => undefined as never);
    const answers = await Promise.allSettled(["a", "b", "c"].map((note) => commits.run(() => ok(write(ctx, note).rowsWritten))));
    expect(answers.map((answer) => (answer.status === "rejected" ? String(answer.reason) : "told"))).toEqual(
      Array(3).fill("Error: the disk is gone"),
    );
    await vi.waitFor(() => expect(abort).toHaveBeenCalledOnce());
    expect(commits.statistics().commits).toBe(0);
  });
});

test("an object whose transaction fails as a whole answers nobody, keeps nothing, and works again", async () => {
  const type = typeDraft();
  const config = configOf([type]);
  const inventory = await openInventory(config);
  await runInDurableObject(inventory, (_, { storage }) => {
    vi.spyOn(storage, "transactionSync").mockImplementationOnce(() => {
      throw new Error("disk I/O error");
    });
  });
  const errors = await Promise.all(Array.from({ length: 3 }, () => errorOf(inventory.placeHold(holdRequest(type.id, 1)))));
  expect(errors).toContain("Error: disk I/O error");
  await vi.waitFor(async () => granted(await inventoryOf(config.eventId).availability()));
  const again = inventoryOf(config.eventId);
  expect(await poolsOf(again)).toMatchObject([{ held: 0 }]);
  expect(codeOf(await again.placeHold(holdRequest(type.id, 1)))).toBe("ok");
});

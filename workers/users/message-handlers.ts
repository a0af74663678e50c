import { type Message, type MessageHandlers, together } from "../../shared/queue/consume";
import { refreshAccounts } from "./accounts";

type AccountMessage = Message<"account.registered" | "account.verified" | "account.changed">;

/** One question to auth for a whole batch. */
const refresh = (env: UsersEnv, messages: readonly AccountMessage[]): Promise<void> =>
  refreshAccounts(env, [...new Set(messages.map(({ data }) => data.accountId))]);

export const messageHandlers: MessageHandlers<UsersEnv> = {
  "account.registered": together(refresh),
  "account.verified": together(refresh),
  "account.changed": together(refresh),
};

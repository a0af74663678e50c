import type { Message, MessageHandlers } from "../../shared/queue/consume";
import { refreshAccount } from "./accounts";

type AccountMessage = Message<"account.registered" | "account.verified" | "account.changed">;

const onAccount = (env: UsersEnv, message: AccountMessage): Promise<void> => refreshAccount(env, message.data.accountId);

export const messageHandlers: MessageHandlers<UsersEnv> = {
  "account.registered": onAccount,
  "account.verified": onAccount,
  "account.changed": onAccount,
};

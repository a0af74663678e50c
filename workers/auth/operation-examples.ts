/** What the examples of auth's operations share. */
export const tags: [string] = ["auth"];
export const EMAIL = "ada@bilten.example";
export const PASSWORD = "a cup of earl grey";

export const user = {
  id: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
  email: EMAIL,
  name: "Ada Lovelace",
  role: "user",
  status: "active",
  emailVerified: true,
  mfaEnabled: false,
  createdAt: "2027-06-01T18:00:00.000Z",
  updatedAt: "2027-06-01T18:02:00.000Z",
};
export const tokens = {
  accessToken: "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTk3ZjNjMiJ9.c2lnbmF0dXJl",
  refreshToken:
    "br_3Yx0Wk1nRr2qJc7bVn8mLp5sTd9fHg4eUo6aZi0yXwE.0197f3c2-7b1e-7cc3-98c4-dc0c0c073990.Qm5tY2hvaWNlb2ZhbWFjdGhhdG5hbWVzYXNlc3Npb24",
  tokenType: "Bearer",
  expiresIn: 600,
  user,
};
/** What follows from the cookie that comes with it. */
export const cookieSession = {
  user,
  csrfToken: "9dQ0Wk1nRr2qJc7bVn8mLp5sTd9fHg4eUo6aZi0yXwE",
  expiresAt: "2027-07-01T18:00:00.000Z",
};
export const mfaToken = "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f.3Yx0Wk1nRr2qJc7bVn8mLp5sTd9fHg4eUo6aZi0yXwE";
export const recoveryCodes = Array.from({ length: 10 }, (_, index) => `k3vq-7mzt-a2hn-x5cw-u6ej-4rb${"abcdefghij"[index]}`);
export const passkeyQuestion = {
  challenge: "AAABmJ8vQmD3xk9uQ1c7rS2eWn5tYp8aLd0fGh3jKl6oZi1yXwE",
  rpId: "api.bilten.example",
  timeout: 300_000,
  userVerification: "required",
};

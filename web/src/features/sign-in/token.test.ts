import { expect, it } from "vitest";
import { credentialOf } from "./token";

const TOKEN = "0123456789abcdef".repeat(4);

it("distinguishes a token, and an address with a token, from a password", () => {
  expect(credentialOf(` ${TOKEN}\n`)).toEqual({ token: TOKEN });
  expect(credentialOf(`http://127.0.0.1:8765/?token=${TOKEN}`)).toEqual({ token: TOKEN });
  const ticket = `login-616c696365-${"0a".repeat(16)}.aBc-1_.d-E_f`;
  expect(credentialOf(`https://tb.example.org/?token=${ticket}`)).toEqual({ token: ticket });
  expect(credentialOf("login-horse")).toEqual({ password: "login-horse" });
  expect(credentialOf("correct horse ")).toEqual({ password: "correct horse " });
  expect(credentialOf(TOKEN.slice(1))).toEqual({ password: TOKEN.slice(1) });
});

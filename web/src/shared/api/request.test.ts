import { expect, it } from "vitest";
import { errorOf, FrontSignInEnded, messageOf } from "./request";

const json = (status: number, body: unknown): Response => Response.json(body, { status });
const html = (status: number): Response =>
  new Response("<!doctype html>", { status, headers: { "Content-Type": "text/html" } });

it("takes the server's own responses for those", async () => {
  expect(await errorOf(json(200, {}))).toBeNull();
  for (const status of [400, 401, 403, 503]) {
    const error = await errorOf(json(status, { detail: "no", hint: "yes" }));
    expect(error).not.toBeInstanceOf(FrontSignInEnded);
    expect(messageOf(error)).toBe("no: yes");
  }
  expect(messageOf(await errorOf(html(502)))).toBe("The server responded with status 502.");
});

it("recognizes the sign-in of a proxy in front of the server", async () => {
  const redirect = Object.defineProperty(new Response(), "type", { value: "opaqueredirect" });
  for (const response of [redirect, html(200), html(401), html(403), json(401, {}), json(401, { error: "x" })]) {
    const error = await errorOf(response);
    expect(error).toBeInstanceOf(FrontSignInEnded);
    expect(messageOf(error)).toBe("Your sign-in has ended. Reload the page to sign in again.");
  }
});

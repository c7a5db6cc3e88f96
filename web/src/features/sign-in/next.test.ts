import { expect, it } from "vitest";
import { nextOf } from "./next";

it("leads to viewers of this server", () => {
  expect(nextOf("http://h:8765/?next=/api/tb/lab/")).toBe("/api/tb/lab/");
  expect(nextOf("http://h:8765/?next=/api/tb/lab/%3Fa%3D1%26b%3D2#/jobs")).toBe("/api/tb/lab/?a=1&b=2");
  expect(nextOf("http://h:8765/#/jobs")).toBe(null);
});

it("leads nowhere else", () => {
  for (const wanted of ["//evil/api/tb/", "https://evil/api/", "/\\evil/api/", "javascript:alert(1)", "/api/../x", "http://h:1/api/"]) {
    expect(nextOf(`http://h:8765/?next=${encodeURIComponent(wanted)}`), wanted).toBe(null);
  }
});

/** The first event of the stream: the version of the server and what it supports. */
import { skipToken, useQuery } from "@tanstack/react-query";
import type { Hello } from "../api/types";

export const HELLO = ["hello"] as const;

export function useHello() {
  return useQuery<Hello>({ queryKey: HELLO, queryFn: skipToken, staleTime: Infinity });
}

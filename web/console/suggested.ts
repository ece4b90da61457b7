import type { Suggestion } from "./protocol";

/** Suggestions that may be put into the field, in the order of their keys. */
export const sendable = (all: Suggestion[]): Suggestion[] => all.filter((s) => s.kind !== "internal");

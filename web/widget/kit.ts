// What files that come later need of preact. There may be only one preact at work, the app's own: the build puts
// this file where `forms.tsx` and `files.tsx` import it, and the app hands itself over.
import type * as hooks from "preact/hooks";
import type * as runtime from "preact/jsx-runtime";

export let jsx: typeof runtime.jsx;
export let jsxs: typeof runtime.jsxs;
export let Fragment: typeof runtime.Fragment;
export let useEffect: typeof hooks.useEffect;
export let useState: typeof hooks.useState;

export type Kit = { jsx: typeof jsx; jsxs: typeof jsxs; Fragment: typeof Fragment; useEffect: typeof useEffect; useState: typeof useState };

export function use(kit: Kit) {
  ({ jsx, jsxs, Fragment, useEffect, useState } = kit);
}

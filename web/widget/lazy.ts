// What few conversations need comes in files of its own, from where the app came from.

export function lazy<T>(name: string): Promise<T> {
  return import(/* @vite-ignore */ new URL(`${name}.js`, import.meta.url).href) as Promise<T>;
}

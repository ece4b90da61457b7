// Times as people read them.
import type { Lang } from "./protocol";
import type { Words } from "./words";

const DAY = 86_400_000;
const locales: Record<Lang, string> = { zh: "zh-CN", en: "en-GB" };
export const localeOf = (lang: Lang) => locales[lang];

/** `2:13` below an hour, then hours and minutes, then days. */
export function span(ms: number, w: Words): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 3600) return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
  if (s < 86_400) return w.hours(Math.floor(s / 3600), Math.floor((s % 3600) / 60));
  return w.days(Math.floor(s / 86_400));
}

const hm = (at: number, locale: string) =>
  new Date(at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
const isToday = (at: number, now: number) => new Date(at).toDateString() === new Date(now).toDateString();

/** Short: minutes, then the time of day, then the date. */
export function lately(at: number, now: number, w: Words, locale: string): string {
  if (now - at < 3_600_000) return w.minutes(Math.max(0, Math.floor((now - at) / 60_000)));
  return isToday(at, now)
    ? hm(at, locale)
    : new Date(at).toLocaleDateString(locale, { month: "short", day: "numeric" });
}

/** With its day, unless that is today. */
export function moment(at: number, now: number, locale: string): string {
  if (isToday(at, now)) return hm(at, locale);
  return new Date(at).toLocaleString(locale, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
}

export function dayName(at: number, now: number, w: Words, locale: string): string {
  if (isToday(at, now)) return w.today;
  if (isToday(at, now - DAY)) return w.yesterday;
  return new Date(at).toLocaleDateString(locale, { month: "long", day: "numeric", weekday: "long" });
}

export const dayKey = (at: number) => new Date(at).toDateString();

/** The next morning at nine, where the agent sits. */
export function tomorrowAtNine(now: number): number {
  const day = new Date(now + DAY);
  day.setHours(9, 0, 0, 0);
  return day.getTime();
}

export function isoDay(at: number): string {
  const d = new Date(at);
  return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`;
}

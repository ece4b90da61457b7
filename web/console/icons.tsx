// Line icons on a 16 by 16 grid; always beside or instead of words that say the same.

const PATHS = {
  inbox: "M2 9.5 4 3h8l2 6.5V13H2zM2 9.5h3.5l1 1.5h3l1-1.5H14",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.6 14 14",
  board: "M2 3h12v10H2zM6 3v10M10 3v6",
  reports: "M2 14h12M4 11V7M8 11V3M12 11V5",
  people:
    "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 3.2a2.5 2.5 0 0 1 0 4.6M12 9.8c1.5.5 2.5 1.8 2.5 3.7",
  audit: "M4 2h6l3 3v9H4zM6.5 7.5h4M6.5 10.5h4",
  gear: "M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M10.5 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM5.5 13.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  mine: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14c0-3 2.5-4.5 5.5-4.5s5.5 1.5 5.5 4.5",
  waiting: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.5V8l2.5 1.5",
  team: "M5 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM11 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM1.5 12.5c0-2 1.5-3 3.5-3s3.5 1 3.5 3M10 9.7c2.5-.6 4.5.6 4.5 2.8",
  bot: "M3 6h10v7H3zM8 6V3M6 9.5h.010M10 9.5h.010M1.5 9v2M14.5 9v2",
  snoozed: "M6 3h5l-5 5h5M3 9h3l-3 4h3",
  resolved: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM5.5 8l1.8 1.8L10.5 6.5",
  transfer: "M2 5h10M9 2l3 3-3 3M14 11H4M7 8l-3 3 3 3",
  label: "M2 3v5l6 6 5.5-5.5-6-6H3a1 1 0 0 0-1 .5zM5 5.5h.010",
  more: "M3.5 8h.010M8 8h.010M12.5 8h.010",
  panel: "M2 3h12v10H2zM10 3v10",
  back: "M10 3 5 8l5 5",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5 6.5 12 13 4.5",
  warn: "M8 2.5 14.5 13.5h-13zM8 6.5v3M8 11.5h.010",
  lock: "M4 7.5h8V14H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  down: "M3.5 6 8 10.5 12.5 6",
  star: "m8 2 1.9 3.9 4.1.6-3 3 .7 4.2L8 11.7l-3.7 2 .7-4.2-3-3 4.1-.6z",
  key: "M2 4.5h12v7H2zM4.5 7h.010M7 7h.010M9.5 7h.010M12 7h.010M5 9.5h6",
  release: "M8 13V4M4.5 7.5 8 4l3.5 3.5M3 2h10",
  download: "M8 2v8M4.5 7 8 10.5 11.5 7M3 14h10",
  clip: "M13.5 7.5 8 13a3.2 3.2 0 0 1-4.5-4.5l5.8-5.8a2.1 2.1 0 0 1 3 3L6.6 11.3a1 1 0 0 1-1.4-1.4l5-5",
  mail: "M2 3.5h12v9H2zM2 4l6 5 6-5",
  send: "M2 8 14 2.5 11 14 7.5 9z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Small line icons of our own, 14 px. They stand beside a word and are hidden from screen readers. */

const PATHS = {
  check: "M2.5 7.5 5.5 10.5 11.5 3.5",
  cross: "M3.5 3.5 10.5 10.5 M10.5 3.5 3.5 10.5",
  clock: "M7 1.75a5.25 5.25 0 1 0 0 10.5a5.25 5.25 0 1 0 0-10.5 M7 4.25V7l1.9 1.4",
  bar: "M7 1.75a5.25 5.25 0 1 0 0 10.5a5.25 5.25 0 1 0 0-10.5 M3.4 10.6 10.6 3.4",
  pause: "M5 3.5v7 M9 3.5v7",
  arrow: "M2.5 7h9 M8 3.5 11.5 7 8 10.5",
  question: "M5 5.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4 M7 10.6v.1",
  warning: "M7 2 12.5 11.5h-11Z M7 5.6v2.6 M7 9.9v.1",
  leave: "M5.5 2.5h-3v9h3 M5.5 7h6 M9 4.5 11.5 7 9 9.5",
  down: "M3.5 5.25 7 8.75 10.5 5.25",
  copy: "M5 5V3a1 1 0 0 1 1-1h5a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1H9 M2 6a1 1 0 0 1 1-1h5a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1Z",
  list: "M2.5 3.5h9 M2.5 7h9 M2.5 10.5h9",
  half: "M7 1.75a5.25 5.25 0 1 0 0 10.5a5.25 5.25 0 1 0 0-10.5Z M7 1.75v10.5 M7 4.5h3.9 M7 7h5.2 M7 9.5h3.9",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 14 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size} height={size} viewBox="0 0 14 14" fill="none" stroke="currentColor" strokeWidth="1.5"
      strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false" style={{ flex: "none" }}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

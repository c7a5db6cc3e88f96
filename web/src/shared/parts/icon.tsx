/** Icons, each a path in a 16 x 16 box. Decorative: hidden from screen readers, with text beside them. */

const PATHS = {
  projects: "M1.5 4.5v8h13v-7h-6l-2-2h-5z",
  queue: "M2 4h9M2 8h9M2 12h6M13.5 6v7M11.5 11l2 2 2-2",
  jobs: "M2 3h12v4H2zM2 9h12v4H2zM4.5 5h.01M4.5 11h.01",
  tensorboard: "M2 13.5h12M3 11l3-4 3 2 4-6",
  mkdocs: "M8 4C6.5 2.8 4.5 2.5 1.5 2.5v10c3 0 5 .3 6.5 1.5 1.5-1.2 3.5-1.5 6.5-1.5v-10c-3 0-5 .3-6.5 1.5zM8 4v10",
  pause: "M5 3v10M11 3v10",
  play: "M4.5 2.5v11l8-5.5z",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  check: "M2.5 8.5l3.5 3.5 7-8",
  open: "M9 2.5h4.5V7M13.5 2.5L7.5 8.5M6.5 3h-4v10.5H13V9.5",
  menu: "M2 4h12M2 8h12M2 12h12",
  collapse: "M6 2.5v11M2 2.5h12v11H2zM11 6L9 8l2 2",
  expand: "M6 2.5v11M2 2.5h12v11H2zM9 6l2 2-2 2",
  folder: "M1.5 4.5v8h13v-7h-6l-2-2h-5z",
  file: "M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3",
  up: "M8 13V3.5M4 7l4-4 4 4",
  chevron: "M6 3.5L10.5 8 6 12.5",
  grip: "M6 3.5h.01M10 3.5h.01M6 8h.01M10 8h.01M6 12.5h.01M10 12.5h.01",
  download: "M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11",
  follow: "M8 2v8M4.5 7L8 10.5 11.5 7M3 13.5h10",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.5 10.5l3.5 3.5",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
  server: "M2 2.5h12v4.5H2zM2 9h12v4.5H2zM4.5 4.75h.01M4.5 11.25h.01",
  person: "M8 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 8 8zM2.5 14c.5-3 2.5-4 5.5-4s5 1 5.5 4",
  warning: "M8 2L1.5 13.5h13zM8 6.5v3.5M8 11.8h.01",
  terminal: "M2 3h12v10H2zM4.5 6l2 2-2 2M8.5 10.5h3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

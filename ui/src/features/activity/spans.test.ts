import { describe, expect, it } from "vitest";
import { barsOf, totalsOf } from "./groups";
import { bucketsOf, dayOf, daysAgo, longLabel, spanOf } from "./spans";

const at = (...parts: [number, number, number, number?]): number => new Date(parts[0], parts[1] - 1, parts[2], parts[3] ?? 0).getTime();

describe("the stretch of time of the chart", () => {
  it("is cut at this machine's days, also where the clocks change", () => {
    const { unit, edges } = bucketsOf(at(2026, 10, 20), at(2026, 11, 2, 15));
    expect(unit).toBe("day");
    expect(edges.map(dayOf)).toEqual([
      "2026-10-20", "2026-10-21", "2026-10-22", "2026-10-23", "2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27", "2026-10-28",
      "2026-10-29", "2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02", "2026-11-03",
    ]);
    expect(edges.every((edge) => new Date(edge).getHours() === 0)).toBe(true);
  });

  it("has hours for a day, weeks that begin on Monday for a season, months for years, and never too many", () => {
    expect(bucketsOf(at(2026, 11, 20), at(2026, 11, 20, 23)).edges).toHaveLength(25);
    const weeks = bucketsOf(at(2026, 7, 1), at(2026, 11, 20));
    expect(weeks.unit).toBe("week");
    expect(weeks.edges.every((edge) => new Date(edge).getDay() === 1)).toBe(true);
    const months = bucketsOf(at(2024, 2, 10), at(2026, 11, 20));
    expect([months.unit, dayOf(months.edges[0] ?? 0), months.edges.length]).toEqual(["month", "2024-02-01", 35]);
    expect(bucketsOf(at(1900, 1, 1), at(2026, 1, 1)).edges.length).toBeLessThanOrEqual(401);
  });

  it("ends with what was asked for, and begins with the record or thirty days before", () => {
    const now = at(2026, 11, 20, 14);
    expect(spanOf({ since: null, until: null }, at(2020, 1, 1), now)).toEqual([at(2026, 10, 22), now]);
    expect(spanOf({ since: null, until: null }, at(2026, 11, 1, 9), now)).toEqual([at(2026, 11, 1), now]);
    expect(spanOf({ since: null, until: null }, at(2026, 11, 20, 9), now)).toEqual([at(2026, 11, 14), now]);
    expect(spanOf({ since: at(2026, 1, 1), until: at(2026, 1, 3) }, null, now)).toEqual([at(2026, 1, 1), at(2026, 1, 3)]);
    expect(daysAgo(now, 1)).toBe("2026-11-20");
    expect(daysAgo(now, 7)).toBe("2026-11-14");
    expect(longLabel(at(2026, 11, 16), at(2026, 11, 23), "week")).toBe("16 Nov to 22 Nov");
  });
});

describe("bars", () => {
  it("add up outcomes to what the legend says, each outcome once", () => {
    const bars = barsOf([
      { bucket: 0, outcome: "allowed", calls: 3 }, { bucket: 0, outcome: "approved", calls: 2 }, { bucket: 2, outcome: "unknown", calls: 1 },
      { bucket: 9, outcome: "denied", calls: 1 },
    ], 3);
    expect(bars.map(({ calls }) => calls)).toEqual([5, 0, 1]);
    expect(totalsOf(bars)).toEqual({ went: 5, waiting: 0, ended: 0, stopped: 0, broke: 1 });
  });
});

/** The bars themselves, in a part of the window that is read only where they are shown: the chart library is large. */
import { useElementSize } from "@mantine/hooks";
import { Bar as Part, BarChart, Tooltip, XAxis, YAxis } from "recharts";
import { Icon } from "@/components/icon";
import { count, listed, plural } from "@/lib/words";
import { GROUP_NAMES, GROUPS, totalsOf, type Bar } from "./groups";
import classes from "./over-time.module.css";
import { longLabel, shortLabel, type Buckets } from "./spans";

const HEIGHT = 132;

export default function Bars({ bars, buckets, onOpen }: {
  bars: readonly Bar[];
  buckets: Buckets;
  /** Narrows the list to one bucket; null where an address cannot say so little. */
  onOpen: ((bucket: number) => void) | null;
}) {
  const { ref, width } = useElementSize();
  const totals = totalsOf(bars);
  const said = GROUP_NAMES.filter((name) => totals[name] > 0).map((name) => `${count(totals[name])} ${GROUPS[name].word.toLowerCase()}`);
  const label = (bucket: number): string => longLabel(buckets.edges[bucket] ?? 0, buckets.edges[bucket + 1] ?? 0, buckets.unit);
  return (
    <div
      ref={ref} className={classes.chart} role="img" data-opens={onOpen !== null || undefined} data-testid="bars"
      aria-label={`Calls ${label(0)} until ${label(bars.length - 1)}: ${said.length === 0 ? "none" : listed(said)}. “Numbers” shows them as a table.`}
    >
      {/* The words above say it all: the drawing would only repeat some of its axis. */}
      <div aria-hidden="true">
        {width > 0 && (
          <BarChart
            width={width} height={HEIGHT} data={[...bars]} accessibilityLayer={false} barCategoryGap="18%"
            margin={{ top: 6, right: 0, bottom: 0, left: 0 }}
            onClick={(state) => {
              const bucket = Number(state.activeIndex);
              if (onOpen !== null && Number.isInteger(bucket) && (bars[bucket]?.calls ?? 0) > 0) onOpen(bucket);
            }}
          >
            <defs>{GROUP_NAMES.map((name) => <Pattern key={name} name={name} />)}</defs>
            <XAxis
              dataKey="bucket" tickLine={false} interval="preserveStartEnd" minTickGap={28} height={20}
              tickFormatter={(bucket: number) => shortLabel(buckets.edges[bucket] ?? 0, buckets.unit)}
            />
            <YAxis
              width={44} tickLine={false} axisLine={false} allowDecimals={false} tickCount={3}
              tickFormatter={(n: number) => count(n)}
            />
            <Tooltip
              isAnimationActive={false} cursor={{ fill: "var(--hover)" }}
              content={({ active, label: at }) => active && typeof at === "number" ? <Hint bar={bars[at]} title={label(at)} /> : null}
            />
            {GROUP_NAMES.map((name) => (
              <Part key={name} dataKey={name} stackId="calls" fill={`url(#bar-${name})`} isAnimationActive={false} maxBarSize={36} />
            ))}
          </BarChart>
        )}
      </div>
    </div>
  );
}

function Hint({ bar, title }: { bar: Bar | undefined; title: string }) {
  if (bar === undefined) return null;
  return (
    <div className={classes.hint}>
      <b>{title}</b>
      <span className="muted">{plural(bar.calls, "call")}</span>
      {GROUP_NAMES.filter((name) => bar[name] > 0).map((name) => (
        <span key={name} className={classes.hintRow} data-tone={GROUPS[name].tone}>
          <Icon name={GROUPS[name].icon} size={12} /> {GROUPS[name].word} <span className="numbers">{count(bar[name])}</span>
        </span>
      ))}
    </div>
  );
}

/** Told apart without colour too: plain, dots, a light ground, and strokes of two directions. */
function Pattern({ name }: { name: (typeof GROUP_NAMES)[number] }) {
  return (
    <pattern id={`bar-${name}`} width="6" height="6" patternUnits="userSpaceOnUse" className={classes.pattern} data-tone={GROUPS[name].tone}>
      <rect width="6" height="6" data-soft={name === "ended" || undefined} />
      {name === "waiting" && <circle cx="3" cy="3" r="1.2" />}
      {name === "stopped" && <path d="M-1 7 7 -1 M-1 1 1 -1 M5 7 7 5" />}
      {name === "broke" && <path d="M-1 -1 7 7 M-1 5 1 7 M5 -1 7 1" />}
    </pattern>
  );
}

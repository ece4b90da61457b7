// Small charts in SVG; the numbers stand in the table beside them, so the pictures need few words.

const [WIDE, HIGH] = [560, 120];

type Bar = { name: string; all: number; part: number };

/** One bar a day; the dark foot is its part. */
export function Bars({ bars, title }: { bars: Bar[]; title: string }) {
  const most = Math.max(1, ...bars.map((b) => b.all));
  const step = WIDE / Math.max(1, bars.length);
  const wide = Math.max(2, Math.min(28, step * 0.7));
  const high = (n: number) => (n / most) * (HIGH - 4);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <svg viewBox={`0 0 ${WIDE} ${HIGH}`} role="img" aria-label={title} preserveAspectRatio="none">
        {bars.map((b, i) => {
          const x = i * step + (step - wide) / 2;
          return (
            <g key={b.name}>
              <title>{`${b.name}: ${b.all}, ${b.part}`}</title>
              <rect class="bar" x={x} y={HIGH - high(b.all)} width={wide} height={high(b.all)} rx="2" />
              <rect class="bar-part" x={x} y={HIGH - high(b.part)} width={wide} height={high(b.part)} rx="2" />
            </g>
          );
        })}
      </svg>
      <Ends first={bars[0]?.name} last={bars[bars.length - 1]?.name} />
    </figure>
  );
}

/** A line from low to high with a gap where there is no value. */
export function Line({
  points,
  title,
  low,
  high,
}: {
  points: [string, number | undefined][];
  title: string;
  low: number;
  high: number;
}) {
  const x = (i: number) => (points.length < 2 ? WIDE / 2 : 6 + (i * (WIDE - 12)) / (points.length - 1));
  const y = (v: number) => 6 + ((high - v) / (high - low)) * (HIGH - 12);
  const known = points.flatMap(([, v], i) => (v === undefined ? [] : [[x(i), y(v)] as const]));
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <svg viewBox={`0 0 ${WIDE} ${HIGH}`} role="img" aria-label={title} preserveAspectRatio="none">
        <path class="grid" d={`M0 6H${WIDE}M0 ${HIGH - 6}H${WIDE}`} />
        <polyline class="line" points={known.map((p) => p.join(",")).join(" ")} />
        {known.map(([px, py]) => (
          <rect class="dot-mark" key={px} x={px - 2.5} y={py - 2.5} width="5" height="5" rx="2.5" />
        ))}
      </svg>
      <Ends first={points[0]?.[0]} last={points[points.length - 1]?.[0]} />
    </figure>
  );
}

function Ends({ first, last }: { first: string | undefined; last: string | undefined }) {
  return (
    <p class="ends">
      <span>{first}</span>
      <span>{last === first ? "" : last}</span>
    </p>
  );
}

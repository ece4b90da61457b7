// One colour from the shop becomes the few that text needs to be readable in light and in dark.

type Rgb = [number, number, number];

const LIGHT: Rgb = [241, 243, 246];
const DARK: Rgb = [36, 43, 53];

/** Any CSS colour that is opaque. */
function rgbOf(color: string): Rgb {
  const brush = document.createElement("canvas").getContext("2d");
  if (!brush) return [31, 95, 214];
  brush.fillStyle = "#1f5fd6";
  if (CSS.supports("color", color)) brush.fillStyle = color;
  const hex = /^#(..)(..)(..)$/.exec(String(brush.fillStyle));
  return hex ? (hex.slice(1).map((pair) => parseInt(pair, 16)) as Rgb) : [31, 95, 214];
}

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((v) => (v <= 10 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Rgb, b: Rgb): number {
  const [x, y] = [luminance(a) + 0.05, luminance(b) + 0.05];
  return x > y ? x / y : y / x;
}

/** Mixed with black or white until text in it can be read on `paper`. */
function readable(color: Rgb, paper: Rgb, towards: number): string {
  let tone = color;
  for (let mix = 0.1; contrast(tone, paper) < 4.7 && mix <= 1; mix += 0.1) {
    tone = color.map((v) => Math.round(v + (towards - v) * mix)) as Rgb;
  }
  return `rgb(${tone})`;
}

/** Custom properties for `:host`. */
export function tones(color = ""): string {
  const rgb = rgbOf(color);
  const ink: Rgb = contrast(rgb, [255, 255, 255]) >= 4.5 ? [255, 255, 255] : [16, 21, 28];
  // Colours in the middle suit neither white nor ink: they give way a little.
  const ground = readable(rgb, ink, 255 - (ink[0] === 255 ? 255 : 0));
  return (
    `:host{--accent:${ground};--on-accent:rgb(${ink});` +
    `--tone-light:${readable(rgb, LIGHT, 0)};--tone-dark:${readable(rgb, DARK, 255)}}`
  );
}

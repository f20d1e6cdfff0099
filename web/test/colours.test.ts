import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

type Triple = [number, number, number];

const css = readFileSync(fileURLToPath(new URL('../src/page/style/tokens.css', import.meta.url)), 'utf8');

/** The colours of a theme, by name. */
function themeOf(selector: string): (name: string) => Triple {
  const block = css.slice(css.indexOf(`${selector} {`)).split('}')[0]!;
  return (name) => {
    const hex = new RegExp(`--${name}: #([0-9a-f]{6});`).exec(block)?.[1];
    if (!hex) throw new Error(`${selector} has no --${name}`);
    return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as Triple;
  };
}

const linear = (colour: Triple): Triple => colour.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as Triple;
const times = (matrix: Triple[], [r, g, b]: Triple): Triple => matrix.map(([x, y, z]) => Math.min(Math.max(x * r + y * g + z * b, 0), 1)) as Triple;

/** How kinds of colour vision see linear RGB: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, A physiologically-based model for simulation of color vision deficiency, 2009; severity 1. */
const sights: Record<string, Triple[]> = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

/** CIE L*a*b*, D65. */
function lab(rgb: Triple): Triple {
  const [x, y, z] = times([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]], rgb);
  const f = (t: number): number => (t > 216 / 24_389 ? Math.cbrt(t) : (24_389 / 27 * t + 16) / 116);
  const [fx, fy, fz] = [f(x / 0.95047), f(y), f(z / 1.08883)];
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

const distance = (a: Triple, b: Triple): number => Math.hypot(...a.map((v, i) => v - b[i]!));
const luminance = ([r, g, b]: Triple): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** Contrast of WCAG 2. */
function contrast(a: Triple, b: Triple): number {
  const [dark, light] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

describe.each([['light', ':root'], ['dark', ":root[data-theme='dark']"]])('%s', (_, selector) => {
  const colour = themeOf(selector);

  test.each(Object.entries(sights))('up and down are apart for %s', (_, sight) => {
    const seen = (name: string): Triple => lab(times(sight, linear(colour(name))));
    expect(distance(seen('up'), seen('down'))).toBeGreaterThan(20); // what is just noticed is about 2
  });

  test.each([
    ['text', 'surface'], ['text', 'hover'], ['text', 'selected'], ['muted', 'surface'], ['muted', 'page'], ['muted', 'hover'], ['accent', 'surface'], ['accent', 'page'],
    ['up', 'surface'], ['up', 'up-flash'], ['up', 'hover'], ['down', 'surface'], ['down', 'down-flash'], ['down', 'hover'], ['warn', 'warn-ground'], ['warn', 'surface'],
  ])('%s is read on %s', (text, ground) => expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(4.5));
});

test('the dark theme of the system is the one that is chosen', () => {
  const body = (selector: string): string => css.slice(css.indexOf(`${selector} {`)).split('{')[1]!.split('}')[0]!.replaceAll(/\s+/g, ' ');
  expect(body(":root:not([data-theme='light'])")).toBe(body(":root[data-theme='dark']"));
});

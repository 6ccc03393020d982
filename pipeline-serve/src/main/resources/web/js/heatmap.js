// Heat maps, with the colours and the geometry of HeatColors.java and HeatMap.java.

const STEPS = 256;
const COLORS = table();

function table() {
  const colors = new Uint8ClampedArray(3 * STEPS);
  for (let i = 0; i < STEPS; i++) {
    const t = i / (STEPS - 1);
    // A helix in OKLCh (Ottosson 2020): lightness and hue grow evenly, chroma stays.
    const hue = ((285 + t * (460 - 285)) * Math.PI) / 180;
    const lightness = 0.25 + t * (0.93 - 0.25);
    const a = 0.14 * Math.cos(hue);
    const b = 0.14 * Math.sin(hue);
    const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
    colors[3 * i] = encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
    colors[3 * i + 1] = encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
    colors[3 * i + 2] = encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  }
  return colors;
}

/** Converts linear light to sRGB, 0..255. */
function encode(linear) {
  const light = Math.max(0, Math.min(1, linear));
  return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
}

/**
 * Returns the two cells around each pixel along one side, and the weight of the second. A value is
 * at the centre of its cell, and the map is constant beyond the outermost centres.
 */
function places(from, to) {
  const before = new Int32Array(to);
  const after = new Int32Array(to);
  const share = new Float32Array(to);
  for (let i = 0; i < to; i++) {
    const place = Math.max(0, Math.min(from - 1, ((i + 0.5) * from) / to - 0.5));
    before[i] = Math.floor(place);
    after[i] = Math.min(from - 1, before[i] + 1);
    share[i] = place - before[i];
  }
  return { before, after, share };
}

/**
 * Places a canvas over the part of the picture that the map is about, a share of its sides.
 *
 * @param {HTMLCanvasElement} canvas canvas in a box with the picture
 * @param {{top: number, left: number, height: number, width: number}} region part of the picture,
 * also beyond it
 */
export function place(canvas, region) {
  for (const side of ['top', 'left', 'height', 'width']) {
    canvas.style.setProperty(side, `${100 * region[side]}%`);
  }
}

/**
 * Fills a canvas with a map, stretched to its size. Each pixel has the colour of the map's value
 * and the value as opacity: where the map is 0, the image below is unchanged.
 *
 * @param {HTMLCanvasElement} canvas canvas with the requested size
 * @param {{width: number, height: number, values: number[]}} map values 0..1, row by row
 */
export function draw(canvas, map) {
  const { width, height } = canvas;
  const context = canvas.getContext('2d');
  const image = context.createImageData(width, height);
  const rows = places(map.height, height);
  const columns = places(map.width, width);
  const { values } = map;
  for (let y = 0, o = 0; y < height; y++) {
    const above = rows.before[y] * map.width;
    const below = rows.after[y] * map.width;
    const down = rows.share[y];
    for (let x = 0; x < width; x++, o += 4) {
      const left = columns.before[x];
      const right = columns.after[x];
      const across = columns.share[x];
      const top = values[above + left] * (1 - across) + values[above + right] * across;
      const bottom = values[below + left] * (1 - across) + values[below + right] * across;
      put(image.data, o, top * (1 - down) + bottom * down);
    }
  }
  context.putImageData(image, 0, 0);
}

function put(data, offset, value) {
  const color = 3 * Math.round(Math.max(0, Math.min(1, value)) * (STEPS - 1));
  data[offset] = COLORS[color];
  data[offset + 1] = COLORS[color + 1];
  data[offset + 2] = COLORS[color + 2];
  data[offset + 3] = Math.round(255 * value);
}

/** Fills a canvas with the colours from 0 at the left to 1 at the right. */
export function drawLegend(canvas) {
  const context = canvas.getContext('2d');
  const image = context.createImageData(canvas.width, 1);
  for (let x = 0; x < canvas.width; x++) {
    const value = x / (canvas.width - 1);
    put(image.data, 4 * x, value);
    image.data[4 * x + 3] = 255;
  }
  for (let y = 0; y < canvas.height; y++) {
    context.putImageData(image, 0, y);
  }
}

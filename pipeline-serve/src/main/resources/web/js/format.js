// How numbers and names are written.

const SPACE = '\u202f';

/** A share as a percentage, with one decimal; never a 0 or 100 that is not exact. */
export function percent(share) {
  if (share > 0 && share < 0.001) {
    return `<${SPACE}0.1${SPACE}%`;
  }
  if (share > 0.999 && share < 1) {
    return `>${SPACE}99.9${SPACE}%`;
  }
  return `${(100 * share).toFixed(1)}${SPACE}%`;
}

/** Two shares as percentages with as many decimals as tell them apart, four at most. */
export function apart(a, b) {
  if (a === b || percent(a) !== percent(b)) {
    return [percent(a), percent(b)];
  }
  for (let decimals = 2; decimals < 4; decimals++) {
    const [x, y] = [(100 * a).toFixed(decimals), (100 * b).toFixed(decimals)];
    if (x !== y) {
      return [`${x}${SPACE}%`, `${y}${SPACE}%`];
    }
  }
  return [`${(100 * a).toFixed(4)}${SPACE}%`, `${(100 * b).toFixed(4)}${SPACE}%`];
}

/** A label of a model as people write it: PNEUMONIA becomes Pneumonia. */
export function title(label) {
  return label === label.toUpperCase()
    ? label.charAt(0) + label.slice(1).toLowerCase()
    : label;
}

/** How sentences speak of the classes of a model, by label: of one, and of many of its images. */
export function classWords(model) {
  const labels = model.labels ?? [];
  const phrases = model.profile?.phrases;
  const fits = Array.isArray(phrases)
    && phrases.length === labels.length
    && phrases.every((p) => typeof p?.name === 'string' && typeof p.many === 'string');
  return fits
    ? phrases
    : labels.map((label) => ({ name: title(label), many: `images of ${title(label)}` }));
}

/** "1 image", "2 images". */
export function count(number, noun) {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

/** Bytes in the unit that people use for it. */
export function bytes(number) {
  if (number < 1000) {
    return `${number} bytes`;
  }
  return number < 1e6
    ? `${(number / 1e3).toFixed(0)} kB`
    : `${(number / 1e6).toFixed(1)} MB`;
}

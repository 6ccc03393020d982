// Formats of numbers and names.

const SPACE = '\u202f';

/** Formats a share as a percentage with one decimal; 0 and 100 are only used if exact. */
export function percent(share) {
  if (share > 0 && share < 0.001) {
    return `<${SPACE}0.1${SPACE}%`;
  }
  if (share > 0.999 && share < 1) {
    return `>${SPACE}99.9${SPACE}%`;
  }
  return `${(100 * share).toFixed(1)}${SPACE}%`;
}

/** Formats two shares as percentages with the decimals that distinguish them, at most four. */
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

/** Formats a label of a model: PNEUMONIA becomes Pneumonia. */
export function title(label) {
  return label === label.toUpperCase()
    ? label.charAt(0) + label.slice(1).toLowerCase()
    : label;
}

/** Returns the words for the classes of a model, by label: singular and plural. */
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

/** Formats a number of bytes with a unit. */
export function bytes(number) {
  if (number < 1000) {
    return `${number} bytes`;
  }
  return number < 1e6
    ? `${(number / 1e3).toFixed(0)} kB`
    : `${(number / 1e6).toFixed(1)} MB`;
}

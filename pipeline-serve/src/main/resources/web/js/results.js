// List of images and viewer of the selected image.

import { byId, make } from './dom.js';
import { apart, bytes, classWords, count, percent, title } from './format.js';
import * as heatmap from './heatmap.js';

const NARROW = matchMedia('(max-width: 859px)');
const CALM = matchMedia('(prefers-reduced-motion: reduce)');

// A higher resolution is not visible in a map of 7 x 7 cells.
const LARGEST_CANVAS = 1024;

const UNFAMILIAR = 'Unlike the training images';

const WORDS = {
  queued: 'Waiting',
  sending: 'Classifying…',
  busy: 'Server busy…',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

/**
 * Shows items: {id, name, about, url, state, result, error, wait}. Their state is queued, sending,
 * busy, done, failed or cancelled.
 */
export class Results {
  #items = [];
  #rows = new Map();
  #chosen = null;
  #drawn = {};
  #labels = [];
  #names = [];
  #on;

  /**
   * @param {{retry: Function, remove: Function}} on called for actions on an item
   */
  constructor(on) {
    this.#on = on;
    heatmap.drawLegend(byId('legend'));
    byId('opacity').addEventListener('input', () => this.#setOpacity());
    byId('previous').addEventListener('click', () => this.#step(-1));
    byId('next').addEventListener('click', () => this.#step(1));
    byId('remove').addEventListener('click', () => this.#remove(this.#chosen));
    byId('retry').addEventListener('click', () => this.#on.retry(this.#chosen));
    byId('picture').addEventListener('load', () => this.#fit());
    byId('picture').addEventListener('error', () => this.#blank());
    byId('rows').addEventListener('keydown', (event) => this.#key(event));
    byId('rows').addEventListener('click', (event) => this.#click(event));
    new ResizeObserver(() => this.#drawHeat()).observe(byId('stage'));
    this.#setOpacity();
  }

  /** Returns all items, in the order of the list. */
  get items() {
    return this.#items;
  }

  /** Sets the finding of the probabilities, or the classes. */
  describe(model) {
    this.#labels = model.labels ?? [];
    const several = this.#labels.length > 2;
    this.#names = classWords(model).map((words) => words.name);
    byId('probability-of').textContent = several
      ? `probability, the highest of ${this.#labels.length} classes`
      : `probability of ${this.#names[1]}`;
    byId('gauge').hidden = several;
    byId('classes').hidden = !several;
    byId('heat-finding').textContent = several
      ? 'the most probable class'
      : this.#names[1];
    byId('no-heat').hidden = model.explain !== false;
    byId('no-guard').hidden = model.unfamiliarityLimit !== undefined;
    this.#showChosen();
  }

  /** Adds items to the end and shows the first of them. */
  add(items) {
    const first = this.#items.length === 0;
    this.#items.push(...items);
    const rows = items.map((item) => this.#row(item));
    byId('rows').append(...rows);
    byId('results').hidden = false;
    this.choose(items[0]);
    if (first) {
      scrollTo(byId('results'));
    }
  }

  /** Shows an item in the viewer. */
  choose(item) {
    this.#chosen = item;
    for (const [other, row] of this.#rows) {
      row.node.setAttribute('aria-selected', String(other === item));
      row.node.tabIndex = other === item ? 0 : -1;
    }
    this.#reveal();
    this.#showChosen();
  }

  /** Shows the state of an item. */
  update(item) {
    this.#updateRow(item);
    if (item === this.#chosen) {
      this.#showChosen();
    }
  }

  /** Removes an item. */
  drop(item) {
    const at = this.#items.indexOf(item);
    const had = this.#rows.get(item).node.contains(document.activeElement);
    this.#items.splice(at, 1);
    this.#rows.get(item).node.remove();
    this.#rows.delete(item);
    if (item === this.#chosen) {
      const next = this.#items[Math.min(at, this.#items.length - 1)];
      if (next) {
        this.choose(next);
        if (had) {
          this.#rows.get(next).node.focus({ preventScroll: true });
        }
      } else {
        this.#close();
      }
    }
    this.#layOut();
  }

  /** Removes all items. */
  clear() {
    this.#items = [];
    this.#rows.clear();
    byId('rows').replaceChildren();
    this.#close();
  }

  #close() {
    this.#chosen = null;
    byId('results').hidden = true;
    byId('picture').removeAttribute('src');
    byId('files').focus();
  }

  // The list.

  #row(item) {
    const image = make('img');
    image.alt = '';
    image.decoding = 'async';
    image.loading = 'lazy';
    image.src = item.url;
    image.addEventListener('error', () => image.remove());
    const canvas = make('canvas', 'heat');
    canvas.width = 112;
    canvas.height = 112;
    const thumb = make('span', 'thumb', image, canvas);
    const value = make('span', 'row-value');
    const bar = make('span', 'bar', make('span', 'fill'), make('span', 'tick'));
    const label = make('span', 'row-label');
    const name = make('span', 'row-name', item.name);
    const node = make('div', 'row', thumb, name, value, bar, label);
    node.id = `row-${item.id}`;
    node.setAttribute('role', 'option');
    this.#rows.set(item, { node, value, bar, label, canvas });
    this.#updateRow(item);
    this.#layOut();
    return node;
  }

  #updateRow(item) {
    const row = this.#rows.get(item);
    if (!row) {
      return;
    }
    const { result } = item;
    row.node.dataset.state = item.state;
    if (result) {
      row.node.dataset.side = side(result);
      row.value.textContent = result.probabilities
        ? percent(result.probability)
        : apart(result.probability, result.threshold)[0];
      row.label.textContent = result.unfamiliar ? UNFAMILIAR : title(result.label);
      gauge(row.bar, result);
    } else {
      delete row.node.dataset.side;
      row.value.textContent = '';
      row.label.textContent = item.state === 'failed' ? item.error.title : WORDS[item.state];
    }
    if (result?.heatMap) {
      heatmap.place(row.canvas, result.heatMap.region);
      heatmap.draw(row.canvas, result.heatMap);
    }
  }

  #layOut() {
    byId('results-body').classList.toggle('single', this.#items.length < 2);
    const many = this.#items.length > 1;
    byId('previous').hidden = !many;
    byId('next').hidden = !many;
  }

  #reveal() {
    const row = this.#rows.get(this.#chosen)?.node;
    const box = byId('rows');
    if (row) {
      // Within the list: the page itself stays where it is.
      if (row.offsetTop < box.scrollTop) {
        box.scrollTop = row.offsetTop;
      } else if (row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight) {
        box.scrollTop = row.offsetTop + row.offsetHeight - box.clientHeight;
      }
    }
  }

  #step(by, focus) {
    const at = this.#items.indexOf(this.#chosen) + by;
    if (at >= 0 && at < this.#items.length) {
      this.choose(this.#items[at]);
    }
    if (focus) {
      this.#rows.get(this.#chosen).node.focus({ preventScroll: true });
    }
  }

  #key(event) {
    const all = this.#items.length;
    const steps = {
      ArrowDown: 1,
      ArrowRight: 1,
      ArrowUp: -1,
      ArrowLeft: -1,
      PageDown: Math.min(8, all - 1 - this.#items.indexOf(this.#chosen)),
      PageUp: -Math.min(8, this.#items.indexOf(this.#chosen)),
      Home: -this.#items.indexOf(this.#chosen),
      End: all - 1 - this.#items.indexOf(this.#chosen),
    };
    if (event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    if (event.key in steps) {
      this.#step(steps[event.key], true);
    } else if (event.key === 'Delete') {
      this.#remove(this.#chosen);
    } else {
      return;
    }
    event.preventDefault();
  }

  #click(event) {
    const row = event.target.closest('.row');
    const item = this.#items.find((i) => this.#rows.get(i).node === row);
    if (item) {
      this.choose(item);
      if (NARROW.matches) {
        scrollTo(byId('viewer'));
      }
    }
  }

  #remove(item) {
    this.#on.remove(item);
  }

  // The viewer.

  #showChosen() {
    const item = this.#chosen;
    if (!item) {
      return;
    }
    const { result } = item;
    const picture = byId('picture');
    if (picture.getAttribute('src') !== item.url) {
      byId('blank').hidden = true;
      picture.hidden = false;
      picture.src = item.url;
    }
    byId('viewer-name').textContent = item.name;
    byId('viewer-about').textContent = [
      item.about,
      result ? `${result.width} × ${result.height} pixels` : '',
      item.size ? bytes(item.size) : '',
    ]
      .filter((part) => part)
      .join(', ');
    picture.alt = result ? `${item.name}: ${inWords(result)}` : item.name;

    byId('unfamiliar').hidden = !result?.unfamiliar;
    byId('verdict').hidden = !result;
    if (result) {
      this.#showVerdict(result);
    }
    const pending = ['queued', 'sending', 'busy'].includes(item.state);
    byId('pending').hidden = !pending;
    byId('pending-text').textContent = item.wait ?? WORDS[item.state] ?? '';
    const problem = {
      failed: item.error,
      cancelled: { title: 'Cancelled', text: 'This image was not classified.' },
    }[item.state];
    byId('problem').hidden = !problem;
    if (problem) {
      byId('problem-title').textContent = problem.title;
      byId('problem-text').textContent = problem.text;
      byId('problem-detail').textContent = problem.detail ?? '';
    }
    byId('retry').hidden = item.state === 'failed' && !item.error.again;

    byId('heat-controls').hidden = !result?.heatMap;
    const at = this.#items.indexOf(item);
    disable(byId('previous'), at === 0);
    disable(byId('next'), at === this.#items.length - 1);
    this.#fit();
  }

  #showVerdict(result) {
    const guarded = result.unfamiliar !== undefined;
    byId('guard').hidden = !guarded;
    if (guarded) {
      const [value, limit] = apart(result.unfamiliarity, result.unfamiliarityLimit);
      byId('guard').textContent =
        `Unfamiliarity ${value}; above ${limit}, an image is unlike the training images.`;
    }
    byId('reading').hidden = result.unfamiliar === true;
    if (result.probabilities) {
      this.#showClasses(result);
      return;
    }
    const [probability, threshold] = apart(result.probability, result.threshold);
    const above = result.positive;
    byId('viewer').dataset.side = side(result);
    byId('verdict-label').textContent = title(result.label);
    byId('probability').textContent = probability;
    byId('mark').textContent = `threshold ${threshold}`;
    gauge(byId('gauge'), result);
    byId('gauge').setAttribute(
      'aria-label',
      `Probability ${probability}, threshold ${threshold}`,
    );
    const where = above ? 'At or above' : 'Below';
    byId('reading').textContent =
      `${where} the threshold, the model decides for ${this.#names[above ? 1 : 0]}.`
      + ' It may be wrong.';
  }

  /** Shows each class with its probability, always in the same order. */
  #showClasses(result) {
    byId('viewer').dataset.side = side(result);
    byId('verdict-label').textContent = title(result.label);
    byId('probability').textContent = percent(result.probability);
    byId('classes').replaceChildren(
      ...result.probabilities.map((probability, index) => {
        const label = this.#labels[index] ?? `class ${index}`;
        const bar = make('span', 'bar', make('span', 'fill'));
        bar.style.setProperty('--share', probability);
        const name = make('span', 'class-name', title(label));
        const number = make('span', 'number', percent(probability));
        return make('li', label === result.label ? 'said' : '', name, number, bar);
      }),
    );
    byId('reading').textContent =
      `The most probable of ${result.probabilities.length} classes is ${title(result.label)}.`
      + ' The model may be wrong.';
  }

  /** Sets the aspect ratio of the stage to that of the picture. */
  #fit() {
    const { result } = this.#chosen ?? {};
    const picture = byId('picture');
    const width = result?.width ?? picture.naturalWidth;
    const height = result?.height ?? picture.naturalHeight;
    if (width > 0 && height > 0) {
      byId('stage').style.setProperty('--ratio', (width / height).toFixed(5));
    }
    this.#drawHeat();
  }

  /** Shows a placeholder for an image that the browser cannot display. */
  #blank() {
    if (byId('picture').hasAttribute('src')) {
      byId('picture').hidden = true;
      byId('blank').hidden = false;
    }
  }

  #drawHeat() {
    const canvas = byId('heat');
    const map = this.#chosen?.result?.heatMap;
    canvas.hidden = !map;
    if (!map) {
      return;
    }
    heatmap.place(canvas, map.region);
    const box = canvas.getBoundingClientRect();
    const scale = Math.min(devicePixelRatio, LARGEST_CANVAS / Math.max(box.width, box.height, 1));
    const width = Math.max(1, Math.round(box.width * scale));
    const height = Math.max(1, Math.round(box.height * scale));
    if (this.#drawn.map !== map || canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      heatmap.draw(canvas, map);
      this.#drawn = { map };
    }
  }

  #setOpacity() {
    const value = Number(byId('opacity').value);
    byId('results').style.setProperty('--opacity', value / 100);
    byId('opacity-value').textContent = `${value}\u202f%`;
  }
}

function scrollTo(node) {
  node.scrollIntoView({ block: 'start', behavior: CALM.matches ? 'auto' : 'smooth' });
}

/** Returns the result in words, for those who do not see it. */
export function inWords(result) {
  const said = `${title(result.label)}, ${percent(result.probability)}`;
  return result.unfamiliar ? `${UNFAMILIAR}: do not use this result (${said})` : said;
}

/** Returns the side of the threshold, from the label, because the numbers are rounded. */
function side(result) {
  if (result.unfamiliar) {
    return 'unfamiliar';
  }
  if (result.probabilities) {
    return 'none';
  }
  return result.positive ? 'above' : 'below';
}

function gauge(node, result) {
  node.style.setProperty('--share', result.probability);
  node.style.setProperty('--threshold', result.threshold ?? 0);
}

/** Disables a button but keeps it in the focus order. */
function disable(button, off) {
  button.setAttribute('aria-disabled', String(off));
}

/** Returns a summary of all items in one line. */
export function summary(items) {
  const done = items.filter((item) => item.result);
  const above = done.filter((item) => side(item.result) === 'above').length;
  const unfamiliar = done.filter((item) => item.result.unfamiliar).length;
  const failed = items.filter((item) => item.state === 'failed').length;
  const cancelled = items.filter((item) => item.state === 'cancelled').length;
  const parts = [`${done.length} of ${count(items.length, 'image')} classified`];
  if (done.some((item) => item.result.positive !== undefined)) {
    parts.push(`${above} at or above the threshold`);
  }
  if (unfamiliar > 0) {
    parts.push(`${unfamiliar} unlike the training images`);
  }
  if (failed > 0) {
    parts.push(`${failed} failed`);
  }
  if (cancelled > 0) {
    parts.push(`${cancelled} cancelled`);
  }
  return parts.join(', ');
}

// Description of the model: its metrics and its card.

import { byId, make } from './dom.js';
import { classWords, count, percent } from './format.js';
import { render } from './markdown.js';

/** Shows the content of /api/model. */
export function show(model) {
  byId('about').hidden = false;
  const form = formOf(model)?.form;
  const engine = form ? `${form} (${model.engine})` : model.engine;
  byId('served').textContent = `Model ${model.name}, version ${model.version}\n${engine}`;
  const words = classWords(model);
  const images = model.profile?.images;
  byId('purpose').textContent = purpose(
    words.map((each) => each.name),
    typeof images === 'string' ? images : 'images',
  );
  showFigures(figuresOf(model), model.threshold, words);
  const card = byId('card');
  card.replaceChildren(
    typeof model.modelCard === 'string'
      ? render(model.modelCard, 2)
      : make('p', '', 'This model comes without a card.'),
  );
  card.setAttribute('aria-busy', 'false');
  showContents(card);
}

/** Adds links to the sections of the card. */
function showContents(card) {
  const links = [...card.querySelectorAll('h4')].map((heading, i) => {
    heading.id = `card-${i + 1}`;
    const link = make('a', '', heading.textContent);
    link.href = `#${heading.id}`;
    return make('li', '', link);
  });
  byId('contents').replaceChildren(make('ul', '', ...links));
  byId('contents').hidden = links.length < 2;
}

/** Returns the entry of the served artifact in artifacts.json. */
function formOf(model) {
  return model.artifacts?.artifacts?.find((a) => a.artifact === model.engine);
}

/** Returns a sentence about the task of the model. */
function purpose(names, images) {
  const where = images.replace('X-ray', 'X\u2011ray');
  return names.length === 2
    ? `Tells ${names[1]} from ${names[0]} on ${where}.`
    : `Tells ${inWords(names)} apart on ${where}.`;
}

/**
 * Returns the metrics on the test split for the decision in use: of the served artifact, or else of
 * the trained model.
 */
function figuresOf(model) {
  const served = formOf(model)?.verdict?.splits?.test;
  if (known(served?.metrics?.auc)) {
    return {
      images: served.images,
      metrics: served.metrics,
      of: 'Metrics of the served file',
    };
  }
  const split = model.metrics?.splits?.test;
  const overall = split?.probabilities?.overall;
  if (!known(overall?.auc)) {
    return null;
  }
  const at = Object.values(split.decisions ?? {}).find((d) => d.threshold === model.threshold);
  return {
    images: split.images.reduce((sum, images) => sum + images, 0),
    metrics: { ...overall, ...at?.measurements?.overall },
    of: 'Metrics of the trained model from which the served file was created',
  };
}

/** Shows the metrics; of more than two classes, some are means over the classes. */
function showFigures(figures, threshold, words) {
  const list = byId('figures');
  list.replaceChildren();
  byId('in-words').hidden = true;
  const plain = (value) => value.toFixed(3);
  const [auc, found, spared] = words.length === 2
    ? [
        'quality of the ranking',
        `of ${words[1].many} are detected`,
        `of ${words[0].many} are classified as ${words[0].name}`,
      ]
    : [
        'quality of the ranking of a class against the others',
        'of the images of a class are detected, on average',
        'of the other images are not classified as the class, on average',
      ];
  if (figures) {
    noteFigures(figures);
    const first = {
      auc: [plain, `${auc}; 0.5 is chance`],
      accuracy: [percent, 'of all images are classified correctly'],
      sensitivity: [percent, found],
      specificity: [percent, spared],
    };
    for (const key of Object.keys({ ...first, ...figures.metrics })) {
      const estimate = figures.metrics[key];
      const [format, meaning] = first[key] ?? [plain, ''];
      if (known(estimate)) {
        list.append(
          figure(
            metricName(key),
            format(estimate.value),
            range(estimate, format),
            meaning,
            estimate,
          ),
        );
      }
    }
  } else {
    byId('figures-note').textContent = 'This model comes without metrics.';
  }
  if (threshold === undefined) {
    return;
  }
  const exact = figures ? { low: threshold, high: threshold, value: threshold } : null;
  const from = `minimum probability for ${words[1].name}`;
  list.append(figure('Threshold', percent(threshold), null, from, exact));
  inOtherWords(figures, words);
}

function inOtherWords(figures, [other, found]) {
  const { sensitivity, specificity } = figures?.metrics ?? {};
  if (known(sensitivity) && known(specificity)) {
    const missed = Math.round(100 * (1 - sensitivity.value));
    const alarms = Math.round(100 * (1 - specificity.value));
    byId('in-words').hidden = false;
    byId('in-words').textContent =
      `In other words: of 100 ${found.many} it misses about ${missed}, and of 100 ${other.many} it`
      + ` classifies about ${alarms} as ${found.name}. Expect lower performance on other images.`;
  }
}

function noteFigures(figures) {
  byId('figures-note').textContent =
    `${figures.of}, on ${count(figures.images, 'image')} of the test split, which was not`
    + ' used for any choice. In brackets the 95\u202f% interval.';
}

/** Returns the title of a metric: log_loss becomes Log loss. */
function metricName(key) {
  return key === 'auc' ? 'AUC' : (key.charAt(0).toUpperCase() + key.slice(1)).replaceAll('_', ' ');
}

/** Returns "a, b and c". */
function inWords(names) {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Whether a metric has a value; a split without images of a class has none. */
function known(estimate) {
  return Number.isFinite(estimate?.value);
}

function range(estimate, format) {
  return Number.isFinite(estimate.low) && Number.isFinite(estimate.high)
    ? `${format(estimate.low)} to ${format(estimate.high)}`
    : null;
}

/** Returns a metric with its interval in brackets and, if it fits, on a line from 0 to 1. */
function figure(name, value, interval, meaning, estimate) {
  const group = make('div', '', make('dt', '', name), make('dd', 'figure-value', value));
  const brackets = interval ? `(${interval})` : 'chosen on the validation split';
  group.append(make('dd', 'figure-interval', brackets));
  if (estimate && estimate.low >= 0 && estimate.high <= 1) {
    const line = make('dd', 'whisker');
    line.setAttribute('aria-hidden', 'true');
    line.style.setProperty('--low', estimate.low);
    line.style.setProperty('--high', estimate.high);
    line.style.setProperty('--value', estimate.value);
    group.append(line);
  }
  if (meaning) {
    group.append(make('dd', 'hint', meaning));
  }
  return group;
}

// What is said about the model: how good it is, and its card.

import { count, percent, title } from './format.js';
import { render } from './markdown.js';

const byId = (id) => document.getElementById(id);

/** Shows what /api/model says. */
export function show(model) {
  byId('about').hidden = false;
  const form = formOf(model)?.form;
  const engine = form ? `${form} (${model.engine})` : model.engine;
  byId('served').textContent = `Model ${model.name}, version ${model.version}\n${engine}`;
  const figures = figuresOf(model);
  if (model.labels?.length > 2) {
    byId('purpose').textContent =
      `Tells ${inWords(model.labels.map((label) => title(label)))} apart on frontal chest X\u2011rays.`;
    showFiguresOfClasses(figures);
  } else {
    showFigures(figures, model.threshold);
  }
  const card = byId('card');
  card.replaceChildren(
    typeof model.modelCard === 'string'
      ? render(model.modelCard, 2)
      : paragraph('This model comes without a card.'),
  );
  card.setAttribute('aria-busy', 'false');
  showContents(card);
}

/** Links to the parts of the card. */
function showContents(card) {
  const links = [...card.querySelectorAll('h4')].map((heading, i) => {
    heading.id = `card-${i + 1}`;
    const link = document.createElement('a');
    link.href = `#${heading.id}`;
    link.textContent = heading.textContent;
    const item = document.createElement('li');
    item.append(link);
    return item;
  });
  const list = document.createElement('ul');
  list.append(...links);
  byId('contents').replaceChildren(list);
  byId('contents').hidden = links.length < 2;
}

/** What artifacts.json says of the form that is served. */
function formOf(model) {
  return model.artifacts?.artifacts?.find((a) => a.artifact === model.engine);
}

/**
 * On the test split, at the threshold in use: of the very form that is served, or else of the model
 * it was made from.
 */
function figuresOf(model) {
  const served = formOf(model)?.verdict?.splits?.test;
  if (known(served?.auc)) {
    return { ...served, of: 'Of the very file that is served' };
  }
  const split = model.metrics?.splits?.test;
  if (known(split?.macroAuc)) {
    return {
      images: split.images,
      auc: split.macroAuc,
      accuracy: split.accuracy,
      sensitivity: split.balancedAccuracy,
      of: 'Of the model that the served file was made from',
    };
  }
  if (!known(split?.auc)) {
    return null;
  }
  const at = Object.values(split.thresholds ?? {}).find((t) => t.threshold === model.threshold);
  return {
    images: split.images,
    auc: split.auc,
    sensitivity: at?.sensitivity,
    specificity: at?.specificity,
    of: 'Of the model that the served file was made from',
  };
}

function showFigures(figures, threshold) {
  const list = byId('figures');
  list.replaceChildren();
  byId('in-words').hidden = true;
  if (!figures) {
    byId('figures-note').textContent = 'This model comes without metrics.';
    list.append(figure('Threshold', percent(threshold), null, 'from here on it says pneumonia'));
    return;
  }
  noteFigures(figures);
  const plain = (value) => value.toFixed(3);
  const exact = { low: threshold, high: threshold, value: threshold };
  list.append(
    figure(
      'AUC',
      plain(figures.auc.value),
      range(figures.auc, plain),
      'how well it ranks; 0.5 is chance',
      figures.auc,
    ),
  );
  for (const [name, estimate, meaning] of [
    ['Sensitivity', figures.sensitivity, 'of images with pneumonia are found'],
    ['Specificity', figures.specificity, 'of normal images are called normal'],
  ]) {
    if (known(estimate)) {
      list.append(
        figure(name, percent(estimate.value), range(estimate, percent), meaning, estimate),
      );
    }
  }
  list.append(
    figure('Threshold', percent(threshold), null, 'from here on it says pneumonia', exact),
  );
  if (known(figures.sensitivity) && known(figures.specificity)) {
    const missed = Math.round(100 * (1 - figures.sensitivity.value));
    const alarms = Math.round(100 * (1 - figures.specificity.value));
    byId('in-words').hidden = false;
    byId('in-words').textContent =
      `In other words: of 100 images with pneumonia it misses about ${missed}, and of 100 normal`
      + ` ones it takes about ${alarms} for pneumonia. On images from elsewhere expect worse.`;
  }
}

/** Of more than two classes: area and sensitivity are means over the classes. */
function showFiguresOfClasses(figures) {
  const list = byId('figures');
  list.replaceChildren();
  byId('in-words').hidden = true;
  if (!figures) {
    byId('figures-note').textContent = 'This model comes without metrics.';
    return;
  }
  noteFigures(figures);
  const plain = (value) => value.toFixed(3);
  for (const [name, estimate, format, meaning] of [
    ['AUC', figures.auc, plain, 'how well it ranks a class against the others; 0.5 is chance'],
    ['Accuracy', figures.accuracy, percent, 'of all images are called what they are'],
    ['Sensitivity', figures.sensitivity, percent, 'of the images of a class are found, on average'],
  ]) {
    if (known(estimate)) {
      list.append(
        figure(name, format(estimate.value), range(estimate, format), meaning, estimate),
      );
    }
  }
}

function noteFigures(figures) {
  byId('figures-note').textContent =
    `${figures.of}, on ${count(figures.images, 'image')} of the test split, which nothing was`
    + ' chosen on. In brackets the 95\u202f% interval.';
}

/** "a, b and c". */
function inWords(names) {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** A split without images of a class has none. */
function known(estimate) {
  return Number.isFinite(estimate?.value);
}

function range(estimate, format) {
  return Number.isFinite(estimate.low) && Number.isFinite(estimate.high)
    ? `${format(estimate.low)} to ${format(estimate.high)}`
    : null;
}

/** A number with its interval in brackets and on a line from 0 to 1. */
function figure(name, value, interval, meaning, estimate) {
  const group = document.createElement('div');
  const term = document.createElement('dt');
  term.textContent = name;
  const number = document.createElement('dd');
  number.className = 'figure-value';
  number.textContent = value;
  group.append(term, number);
  const brackets = document.createElement('dd');
  brackets.className = 'figure-interval';
  brackets.textContent = interval ? `(${interval})` : 'chosen on the validation split';
  group.append(brackets);
  if (estimate) {
    const line = document.createElement('dd');
    line.className = 'whisker';
    line.setAttribute('aria-hidden', 'true');
    line.style.setProperty('--low', estimate.low);
    line.style.setProperty('--high', estimate.high);
    line.style.setProperty('--value', estimate.value);
    group.append(line);
  }
  const words = document.createElement('dd');
  words.className = 'hint';
  words.textContent = meaning;
  group.append(words);
  return group;
}

function paragraph(text) {
  const node = document.createElement('p');
  node.textContent = text;
  return node;
}

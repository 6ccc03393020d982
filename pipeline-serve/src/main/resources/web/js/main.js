// Entry point of the page.

import * as about from './about.js';
import * as api from './api.js';
import { byId } from './dom.js';
import { dropped, objection } from './files.js';
import { count } from './format.js';
import { Queue } from './queue.js';
import { inWords, Results, summary } from './results.js';
import * as samples from './samples.js';

const LANES = 2;
const OFTEN = 5;
const LONGEST_PAUSE = 15;
const KEY_KEPT = 'The key is kept until you close this tab.';

const queue = new Queue(classify, LANES);
const results = new Results({ retry: (item) => again([item]), remove });
let ids = 0;

// Number of images since the queue was last empty.
let asked = 0;

// While the server is gone: seconds until the next check, and the timer.
let pause = null;

// Images.

function add(files, about) {
  if (files.length === 0) {
    return;
  }
  const items = files.map((file) => ({
    id: ++ids,
    name: file.name,
    about,
    file: file.blob ?? file,
    size: (file.blob ?? file).size,
    url: URL.createObjectURL(file.blob ?? file),
    state: 'queued',
  }));
  asked = (unfinished().length > 0 ? asked : 0) + items.length;
  results.add(items);
  queue.add(...items);
  if (files.length > 1) {
    say(`${count(files.length, 'image')} added.`);
  }
  refresh();
}

function change(item, changes) {
  Object.assign(item, changes);
  results.update(item);
  refresh();
}

async function classify(item) {
  item.abort = new AbortController();
  change(item, { state: 'sending', error: null, result: null, wait: null });
  const refusal = await objection(item.file);
  if (refusal) {
    finish(item, { state: 'failed', error: { title: 'Not an image', text: refusal } });
    return;
  }
  try {
    const result = await api.classify(item.file, item.abort.signal, (seconds, attempt, all) => {
      const wait =
        `The server is busy. Trying again in ${Math.ceil(seconds)} s (${attempt} of ${all}).`;
      change(item, { state: 'busy', wait });
      setTimeout(() => {
        if (item.state === 'busy' && item.wait === wait) {
          change(item, { state: 'sending', wait: null });
        }
      }, 1000 * seconds);
    });
    finish(item, { state: 'done', result, wait: null });
    if (!loaded.model) {
      load();
    }
  } catch (error) {
    await failed(item, error);
  }
}

async function failed(item, error) {
  if (error.name === 'AbortError') {
    finish(item, { state: 'cancelled', wait: null });
  } else if (error.kind === 'key') {
    queue.pause();
    queue.addFirst(item);
    change(item, { state: 'queued', wait: null });
    askForKey();
  } else if (error.kind === 'gone') {
    await connectionLost(item);
  } else {
    finish(item, { state: 'failed', error: explained(error), wait: null });
  }
}

/** Handles a broken connection: the server is gone, or it rejected this image. */
async function connectionLost(item) {
  const there = await api.alive();
  if (item.abort.signal.aborted) {
    finish(item, { state: 'cancelled', wait: null });
  } else if (there && item.broken) {
    item.broken = false;
    finish(item, {
      state: 'failed',
      wait: null,
      error: {
        title: 'Connection broken',
        text: 'The connection broke while the image was sent, twice. It may be too large.',
        again: true,
      },
    });
  } else {
    item.broken = there;
    if (!there) {
      queue.pause();
      serverGone();
    }
    change(item, { state: 'queued', wait: null });
    queue.addFirst(item);
  }
}

function explained(error) {
  const known = {
    image: {
      title: 'Not readable',
      text: 'The server cannot read this image. Only whole JPEG and PNG files can be classified.',
    },
    large: {
      title: 'Too large',
      text: 'The file is larger than the limit of this server. A smaller copy has the same result:'
        + ' the model uses few pixels.',
    },
    busy: {
      title: 'Server busy',
      text: 'The server was busy at each attempt. Try again later.',
      again: true,
    },
    late: {
      title: 'Took too long',
      text: 'The server did not finish this image in time.',
      again: true,
    },
  }[error.kind];
  const other = {
    title: 'Server error',
    text: 'The server failed with an internal error.',
    again: true,
  };
  return { ...(known ?? other), detail: `Message of the server: ${error.message}` };
}

function finish(item, changes) {
  if (!results.items.includes(item)) {
    return;
  }
  change(item, changes);
  announce(item);
}

function again(items) {
  asked = (unfinished().length > 0 ? asked : 0) + items.length;
  items.forEach((item) => change(item, { state: 'queued', error: null, wait: null }));
  queue.add(...items);
  refresh();
}

function remove(item) {
  queue.remove(item);
  item.abort?.abort();
  results.drop(item);
  URL.revokeObjectURL(item.url);
  say(`${item.name} removed.`);
  refresh();
}

function cancel() {
  for (const item of results.items) {
    if (queue.remove(item)) {
      change(item, { state: 'cancelled', wait: null });
    } else if (['sending', 'busy'].includes(item.state)) {
      item.abort.abort();
    }
  }
  byId('results-title').focus();
  say('Cancelled.');
  refresh();
}

function clear() {
  const items = [...results.items];
  items.forEach((item) => {
    queue.remove(item);
    item.abort?.abort();
  });
  results.clear();
  items.forEach((item) => URL.revokeObjectURL(item.url));
  say('All images removed.');
  refresh();
}

function unfinished() {
  return results.items.filter((item) => ['queued', 'sending', 'busy'].includes(item.state));
}

function repeatable() {
  return results.items.filter(
    (item) => item.state === 'cancelled' || (item.state === 'failed' && item.error.again),
  );
}

/** Updates the head of the results. */
function refresh() {
  const { items } = results;
  const left = unfinished().length;
  byId('summary').textContent = summary(items);
  byId('progress').max = Math.max(1, items.length);
  byId('progress').value = items.length - left;
  byId('progress').classList.toggle('idle', left === 0);
  byId('cancel').hidden = left === 0;
  const more = repeatable().length;
  byId('retry-all').hidden = left > 0 || more < 2;
  byId('retry-all').textContent = `Try ${more} again`;
  byId('save').hidden = left > 0 || !items.some((item) => item.result);
  if (pause) {
    describeGone();
  }
}

/** Saves the results as CSV. */
function save() {
  const each = labels.length > 2 ? labels : [];
  const guarded = results.items.some((item) => item.result?.unfamiliar !== undefined);
  const header = [
    'file',
    'label',
    'probability',
    ...(each.length > 0 ? each.map((label) => `probability ${label}`) : ['threshold']),
    ...(guarded ? ['unfamiliarity', 'unfamiliar'] : []),
    'width',
    'height',
    'problem',
  ];
  const rows = results.items.map(({ name, result, error, state }) => [
    // Spreadsheets would run text that begins like a formula.
    /^[=+\-@\t]/.test(name) ? `'${name}` : name,
    result?.label ?? '',
    result?.probability ?? '',
    ...(each.length > 0
      ? each.map((label, index) => result?.probabilities[index] ?? '')
      : [result?.threshold ?? '']),
    ...(guarded ? [result?.unfamiliarity ?? '', result?.unfamiliar ?? ''] : []),
    result?.width ?? '',
    result?.height ?? '',
    result ? '' : error?.title ?? state,
  ]);
  const text = [header, ...rows]
    .map((row) => row.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(','))
    .join('\r\n');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`${text}\r\n`], { type: 'text/csv' }));
  link.download = 'deepxray.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Announcements.

function say(text) {
  byId('live').textContent = text;
}

/** Announces results: each one while they are few, then from time to time, and at the end. */
function announce(item) {
  const left = unfinished().length;
  if (asked > 1 && left === 0) {
    say(`Ready. ${summary(results.items)}.`);
  } else if (item.state === 'failed') {
    say(`${item.name}: ${item.error.title}. ${item.error.text}`);
  } else if (item.result && asked <= OFTEN) {
    say(`${item.name}: ${inWords(item.result)}.`);
  } else if ((asked - left) % OFTEN === 0) {
    say(`${asked - left} of ${count(asked, 'image')} done.`);
  }
}

// The server.

function serverGone() {
  if (pause) {
    return;
  }
  pause = { seconds: 2, timer: null };
  byId('gone').hidden = false;
  wait();
}

function describeGone() {
  const waiting = unfinished().length;
  byId('gone-text').textContent =
    (waiting > 0
      ? `${count(waiting, 'image')} will be sent when it is back. `
      : 'Is it still running? ') + 'This page retries automatically.';
}

function wait() {
  describeGone();
  pause.timer = setTimeout(look, 1000 * pause.seconds);
  pause.seconds = Math.min(LONGEST_PAUSE, 1.5 * pause.seconds);
}

async function look() {
  clearTimeout(pause?.timer);
  if (await api.alive()) {
    if (pause) {
      const focused = byId('gone').contains(document.activeElement);
      pause = null;
      byId('gone').hidden = true;
      if (focused) {
        byId('main').focus();
      }
      say('The server answers again.');
      queue.resume();
      load();
    }
  } else if (pause) {
    clearTimeout(pause.timer);
    wait();
  }
}

function askForKey() {
  byId('key-form').hidden = false;
  byId('key-note').textContent = api.hasKey()
    ? 'The server does not accept this key.'
    : KEY_KEPT;
}

function submitKey(event) {
  event.preventDefault();
  api.useKey(byId('key').value.trim());
  byId('key-note').textContent = 'Trying the key…';
  loaded.model = false;
  load();
}

/** Hides the form after the server has accepted the key. */
function keyTaken() {
  byId('key-form').hidden = true;
  byId('key').value = '';
  byId('files').focus();
  queue.resume();
}

// The classes of the model.
let labels = [];

const loaded = { model: false, samples: false };
let loading = Promise.resolve();

/** Loads the missing data. */
function load() {
  loading = loading.then(loadOnce);
  return loading;
}

async function loadOnce() {
  try {
    if (!loaded.model) {
      const model = await api.model();
      about.show(model);
      results.describe(model);
      labels = model.labels ?? [];
      loaded.model = true;
      if (!byId('key-form').hidden) {
        keyTaken();
      }
    }
    if (!loaded.samples) {
      await samples.show(addSample);
      loaded.samples = true;
    }
  } catch (error) {
    if (error.kind === 'key') {
      askForKey();
    } else if (error.kind === 'gone') {
      serverGone();
    } else {
      byId('about').hidden = false;
      byId('card').textContent = `The description of the model cannot be loaded: ${error.message}`;
    }
    if (!loaded.samples) {
      byId('samples-panel').hidden = true;
    }
  }
}

function addSample(name, blob) {
  const known = results.items.find((item) => item.name === name && item.file === blob);
  if (known) {
    results.choose(known);
  } else {
    add([{ name, blob }], 'sample');
  }
}

// User actions.

function listen() {
  byId('files').addEventListener('change', (event) => {
    add([...event.target.files]);
    // So that the same file can be chosen again.
    event.target.value = '';
  });
  byId('cancel').addEventListener('click', cancel);
  byId('clear').addEventListener('click', clear);
  byId('save').addEventListener('click', save);
  byId('retry-all').addEventListener('click', () => {
    again(repeatable());
    byId('results-title').focus();
  });
  byId('gone-retry').addEventListener('click', look);
  byId('key-form').addEventListener('submit', submitKey);

  const carriesFiles = (event) => event.dataTransfer?.types.includes('Files');
  let depth = 0;
  const curtain = (shown) => byId('curtain').classList.toggle('shown', shown);
  addEventListener('dragenter', (event) => {
    if (carriesFiles(event)) {
      event.preventDefault();
      depth++;
      curtain(true);
    }
  });
  addEventListener('dragover', (event) => {
    if (carriesFiles(event)) {
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
    }
  });
  addEventListener('dragleave', (event) => {
    if (carriesFiles(event)) {
      depth = Math.max(0, depth - 1);
      curtain(depth > 0);
    }
  });
  addEventListener('drop', async (event) => {
    if (!carriesFiles(event)) {
      return;
    }
    event.preventDefault();
    depth = 0;
    curtain(false);
    const { files, left } = await dropped(event.dataTransfer);
    add(files);
    if (left > 0) {
      say(`${count(files.length, 'image')} added, ${count(left, 'other file')} left out.`);
    }
  });
  addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) {
      event.preventDefault();
      add(files);
    }
  });
}

byId('host').textContent = location.host;
listen();
load();

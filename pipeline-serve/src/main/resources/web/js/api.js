// Talks to the server that the page came from, and to nobody else.

const ATTEMPTS = 6;
const LONGEST_WAIT = 30;
const KEY = 'deepxray-api-key';

let key = stored();

/** Some browsers are told to store nothing for pages. */
function stored() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/**
 * What went wrong.
 *
 * The kinds: key (one is needed), image (it cannot be read), large (too large), busy (after all
 * attempts), late (it took too long), gone (no answer), server (anything else that it says).
 */
export class ApiError extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

const KINDS = { 400: 'image', 401: 'key', 408: 'late', 413: 'large', 415: 'image', 504: 'late' };

/** Whether there is an API key. */
export function hasKey() {
  return key !== null;
}

/** Uses an API key from now on, until the tab is closed. */
export function useKey(value) {
  key = value;
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    // Until the page is left, then.
  }
}

/**
 * Asks the server, and again after a while if it is busy.
 *
 * @param {string} path
 * @param {RequestInit} options
 * @param {(seconds: number, attempt: number, attempts: number) => void} waits told before each wait
 * @returns {Promise<Response>} of success
 * @throws {ApiError}
 * @throws {DOMException} AbortError if the signal says so
 */
async function ask(path, options = {}, waits = () => {}) {
  for (let attempt = 1; ; attempt++) {
    let response;
    try {
      const headers = key === null ? {} : { Authorization: `Bearer ${key}` };
      response = await fetch(path, { ...options, headers, cache: 'no-cache' });
    } catch (error) {
      if (error.name === 'AbortError') {
        throw error;
      }
      throw new ApiError('gone', 'The server does not answer.');
    }
    if (response.ok) {
      return response;
    }
    const message = await said(response);
    if (response.status !== 429 && response.status !== 503) {
      throw new ApiError(KINDS[response.status] ?? 'server', message);
    }
    if (attempt === ATTEMPTS) {
      throw new ApiError('busy', message);
    }
    const seconds = delay(response.headers.get('Retry-After'), attempt);
    waits(seconds, attempt + 1, ATTEMPTS);
    await sleep(1000 * seconds, options.signal);
  }
}

/** The server's own words about an error. */
async function said(response) {
  try {
    const { error } = await response.json();
    return String(error ?? response.statusText);
  } catch {
    return response.statusText || `Status ${response.status}`;
  }
}

/** What the server asks for, or longer and longer; never all clients at once. */
function delay(retryAfter, attempt) {
  const asked = /^\d+$/.test(retryAfter ?? '')
    ? Number(retryAfter)
    : Math.max(0, (Date.parse(retryAfter ?? '') - Date.now()) / 1000 || 0);
  const least = Math.max(asked, 0.5 * 2 ** (attempt - 1));
  return Math.min(LONGEST_WAIT, least * (1 + 0.25 * Math.random()));
}

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException('Cancelled', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) {
      stop();
    }
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** What is served: name, version, engine, labels, threshold, model card and metrics. */
export async function model() {
  return (await ask('/api/model')).json();
}

/** The names of the samples. */
export async function sampleNames() {
  return (await ask('/api/samples')).json();
}

/** A sample as a PNG file. */
export async function sample(name) {
  return (await ask(`/api/samples/${encodeURIComponent(name)}`)).blob();
}

/**
 * Classifies an image.
 *
 * @param {Blob} file JPEG or PNG
 * @param {AbortSignal} signal
 * @param {(seconds: number, attempt: number, attempts: number) => void} waits told when the server
 *     is busy
 */
export async function classify(file, signal, waits) {
  const response = await ask('/api/classify', { method: 'POST', body: file, signal }, waits);
  try {
    return await response.json();
  } catch (error) {
    if (error.name === 'AbortError') {
      throw error;
    }
    throw new ApiError('gone', 'The answer broke off.');
  }
}

/** Whether the server answers at all. */
export async function alive() {
  try {
    return (await fetch('/healthz', { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}

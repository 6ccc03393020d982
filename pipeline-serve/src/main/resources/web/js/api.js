// Requests to the server of this page.

const ATTEMPTS = 6;
const LONGEST_WAIT = 30;
const KEY = 'deepxray-api-key';

let key = stored();

/** Returns the session storage, which some browsers disable. */
function stored() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/**
 * Error of a request.
 *
 * Kinds: key (required), image (unreadable), large (too large), busy (after all attempts), late
 * (timeout), gone (no answer), server (all others).
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

/** Sets the API key, until the tab is closed. */
export function useKey(value) {
  key = value;
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    // Kept only until the page is closed.
  }
}

/**
 * Sends a request, and repeats it after a delay if the server is busy.
 *
 * @param {string} path
 * @param {RequestInit} options
 * @param {(seconds: number, attempt: number, attempts: number) => void} waits
 *     called before each delay
 * @returns {Promise<Response>} the successful response
 * @throws {ApiError}
 * @throws {DOMException} AbortError if the signal is aborted
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

/** Returns the server's message of an error. */
async function said(response) {
  try {
    const { error } = await response.json();
    return String(error ?? response.statusText);
  } catch {
    return response.statusText || `Status ${response.status}`;
  }
}

/** Returns the delay: Retry-After, or exponential backoff, with jitter. */
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

/** Returns the model: name, version, engine, labels, threshold, model card and metrics. */
export async function model() {
  return (await ask('/api/model')).json();
}

/** Returns the names of the samples. */
export async function sampleNames() {
  return (await ask('/api/samples')).json();
}

/** Returns a sample as a PNG file. */
export async function sample(name) {
  return (await ask(`/api/samples/${encodeURIComponent(name)}`)).blob();
}

/**
 * Classifies an image.
 *
 * @param {Blob} file JPEG or PNG
 * @param {AbortSignal} signal
 * @param {(seconds: number, attempt: number, attempts: number) => void} waits
 *     called when the server is busy
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

/** Whether the server answers. */
export async function alive() {
  try {
    return (await fetch('/healthz', { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}

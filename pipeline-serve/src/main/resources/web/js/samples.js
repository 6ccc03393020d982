// Gallery of samples.

import * as api from './api.js';
import { byId, make } from './dom.js';

/**
 * Fills the gallery.
 *
 * @param {(name: string, file: Blob) => void} choose called with the selected sample
 */
export async function show(choose) {
  const names = await api.sampleNames();
  const buttons = names.map((name) => button(name));
  byId('samples').replaceChildren(...buttons.map((b) => make('li', '', b)));
  byId('samples-panel').hidden = names.length === 0;
  // One by one, to limit the load of the server.
  for (const [i, name] of names.entries()) {
    const file = await api.sample(name);
    buttons[i].querySelector('img').src = URL.createObjectURL(file);
    buttons[i].disabled = false;
    buttons[i].addEventListener('click', () => choose(name, file));
  }
}

function button(name) {
  const words = name.replace(/\.\w+$/, '').replaceAll('-', ' ');
  const image = make('img');
  image.alt = '';
  image.width = 72;
  image.height = 72;
  const node = make('button', 'sample', image, make('span', '', words));
  node.type = 'button';
  node.disabled = true;
  return node;
}

// The gallery of samples.

import * as api from './api.js';

const byId = (id) => document.getElementById(id);

/**
 * Fills the gallery.
 *
 * @param {(name: string, file: Blob) => void} choose told of a sample that somebody picks
 */
export async function show(choose) {
  const names = await api.sampleNames();
  const buttons = names.map((name) => button(name));
  byId('samples').replaceChildren(
    ...buttons.map((b) => {
      const item = document.createElement('li');
      item.append(b);
      return item;
    }),
  );
  byId('samples-panel').hidden = names.length === 0;
  // One by one: the server has other things to do.
  for (const [i, name] of names.entries()) {
    const file = await api.sample(name);
    buttons[i].querySelector('img').src = URL.createObjectURL(file);
    buttons[i].disabled = false;
    buttons[i].addEventListener('click', () => choose(name, file));
  }
}

function button(name) {
  const words = name.replace(/\.\w+$/, '').replaceAll('-', ' ');
  const node = document.createElement('button');
  node.type = 'button';
  node.className = 'sample';
  node.disabled = true;
  const image = document.createElement('img');
  image.alt = '';
  image.width = 72;
  image.height = 72;
  const text = document.createElement('span');
  text.textContent = words;
  node.append(image, text);
  return node;
}

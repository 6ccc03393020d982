// The gallery of samples.

import * as api from './api.js';

const byId = (id) => document.getElementById(id);

/**
 * Fills the gallery.
 *
 * @param {(name: string, file: Blob) => void} choose told of a sample that somebody picks
 */
export async function show(choose) {
  const list = byId('samples');
  const note = byId('samples-note');
  try {
    const names = await api.sampleNames();
    const buttons = names.map((name) => button(name));
    list.replaceChildren(
      ...buttons.map((b) => {
        const item = document.createElement('li');
        item.append(b);
        return item;
      }),
    );
    note.hidden = true;
    // One by one: the server has other things to do.
    for (const [i, name] of names.entries()) {
      const file = await api.sample(name);
      const image = buttons[i].querySelector('img');
      image.src = URL.createObjectURL(file);
      buttons[i].disabled = false;
      buttons[i].addEventListener('click', () => choose(name, file));
    }
  } catch (error) {
    note.hidden = false;
    note.textContent = 'The samples could not be loaded.';
    throw error;
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

// Markdown to nodes: headings, paragraphs, lists, tables, quotes, code, emphasis and links. No text
// ever becomes markup: nodes are made one by one, and HTML in the source is shown as it is written.

const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*\s*$/;
const FENCE = /^\s*(```+|~~~+)/;
const RULE = /^\s*(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$/;
const DELIMITERS = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

/**
 * Renders.
 *
 * @param {string} text Markdown; a front matter of YAML is left out
 * @param {number} below the level of the heading above: a # becomes a heading one level down
 * @returns {DocumentFragment}
 */
export function render(text, below) {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  if (lines[0] === '---') {
    const end = lines.indexOf('---', 1);
    lines.splice(0, end < 0 ? 1 : end + 1);
  }
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks(lines, below));
  return fragment;
}

function blocks(lines, below) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    const heading = HEADING.exec(line);
    if (line.trim() === '') {
      at++;
    } else if (heading) {
      const level = Math.min(6, heading[1].length + below);
      nodes.push(element(`h${level}`, inline(heading[2])));
      at++;
    } else if (FENCE.test(line)) {
      const fence = FENCE.exec(line)[1];
      const from = ++at;
      while (at < lines.length && !lines[at].trim().startsWith(fence)) {
        at++;
      }
      const pre = element('pre', [element('code', [lines.slice(from, at++).join('\n')])]);
      nodes.push(scrollable(pre, 'Code'));
    } else if (RULE.test(line)) {
      nodes.push(element('hr', []));
      at++;
    } else if (/^\s*>/.test(line)) {
      const from = at;
      while (at < lines.length && /^\s*>/.test(lines[at])) {
        at++;
      }
      const inside = lines.slice(from, at).map((l) => l.replace(/^\s*> ?/, ''));
      nodes.push(element('blockquote', blocks(inside, below)));
    } else if (ITEM.test(line)) {
      const from = at;
      at = endOfList(lines, at);
      nodes.push(list(lines.slice(from, at), below));
    } else if (line.includes('|') && DELIMITERS.test(lines[at + 1] ?? '')) {
      const from = at;
      while (at < lines.length && lines[at].includes('|')) {
        at++;
      }
      nodes.push(table(lines.slice(from, at)));
    } else {
      const from = at++;
      while (at < lines.length && !interrupts(lines[at])) {
        at++;
      }
      nodes.push(element('p', inline(lines.slice(from, at).map((l) => l.trim()).join(' '))));
    }
  }
  return nodes;
}

function interrupts(line) {
  return (
    line.trim() === ''
    || HEADING.test(line)
    || FENCE.test(line)
    || ITEM.test(line)
    || /^\s*>/.test(line)
  );
}

/** A list goes on over blank lines as long as items or indented lines follow. */
function endOfList(lines, from) {
  let at = from;
  while (at < lines.length) {
    if (lines[at].trim() === '') {
      const next = lines.slice(at).find((l) => l.trim() !== '');
      if (next === undefined || !(ITEM.test(next) || /^\s{2,}/.test(next))) {
        break;
      }
    } else if (at > from && HEADING.test(lines[at])) {
      break;
    }
    at++;
  }
  return at;
}

function list(lines, below) {
  const first = ITEM.exec(lines[0]);
  const indent = first[1].length;
  const items = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && item[1].length <= indent) {
      items.push([item[3]]);
    } else {
      // What belongs to an item: its own lists keep their indentation among each other.
      items.at(-1).push(line.replace(new RegExp(`^\\s{0,${indent + 2}}`), ''));
    }
  }
  const nodes = items.map((inside) => {
    const children = blocks(inside, below);
    // Tight, as most lists are.
    return element('li', children.flatMap((c) => (c.nodeName === 'P' ? [...c.childNodes] : [c])));
  });
  const node = element(/\d/.test(first[2]) ? 'ol' : 'ul', nodes);
  if (node.nodeName === 'OL') {
    node.start = parseInt(first[2], 10);
  }
  return node;
}

function table(lines) {
  const alignments = cells(lines[1]).map((cell) => {
    const right = cell.endsWith(':');
    return right && cell.startsWith(':') ? 'center' : right ? 'right' : 'left';
  });
  const row = (line, kind) =>
    element(
      'tr',
      cells(line)
        .slice(0, alignments.length)
        .map((cell, column) => {
          const node = element(kind, inline(cell));
          node.classList.add(`align-${alignments[column]}`);
          if (kind === 'th') {
            node.scope = 'col';
          }
          return node;
        }),
    );
  const head = element('thead', [row(lines[0], 'th')]);
  const body = element('tbody', lines.slice(2).map((line) => row(line, 'td')));
  return scrollable(element('table', [head, body]), 'Table');
}

/** The cells of a row; a bar after a backslash or in code is text. */
function cells(line) {
  const found = [];
  let cell = '';
  let code = false;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '\\' && line[i + 1] === '|') {
      cell += '|';
      i++;
    } else if (line[i] === '|' && !code) {
      found.push(cell.trim());
      cell = '';
    } else {
      code = line[i] === '`' ? !code : code;
      cell += line[i];
    }
  }
  found.push(cell.trim());
  const from = found[0] === '' ? 1 : 0;
  return found.slice(from, found.at(-1) === '' ? -1 : undefined);
}

/** Makes wide content scrollable, also with the keyboard. */
function scrollable(node, name) {
  const box = element('div', [node]);
  box.className = 'scroll';
  box.tabIndex = 0;
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', name);
  return box;
}

const INLINE = new RegExp(
  [
    /\\([!-/:-@[-`{-~])/, // 1: an escaped sign
    /(`+)(.+?)\2(?!`)/, // 2, 3: code
    /\*\*(?=\S)(.+?)(?<=\S)\*\*/, // 4: strong
    /(?<![\w*])\*(?=[^\s*])(.+?)(?<=[^\s*])\*(?!\*)/, // 5: emphasis
    /(?<!\w)_(?=\S)(.+?)(?<=\S)_(?!\w)/, // 6: emphasis
    /!?\[([^\]]*)\]\(\s*<?((?:[^\s()<>]|\([^\s()]*\))*)>?(?:\s+"[^"]*")?\s*\)/, // 7, 8: link
    /<(https?:\/\/[^\s<>]+)>/, // 9: address
  ]
    .map((part) => part.source)
    .join('|'),
  'gs',
);

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    const [, escaped, , code, strong, star, underline, words, target, address] = match;
    if (escaped !== undefined) {
      nodes.push(escaped);
    } else if (code !== undefined) {
      nodes.push(element('code', [code.trim() || code]));
    } else if (strong !== undefined) {
      nodes.push(element('strong', inline(strong)));
    } else if (star !== undefined || underline !== undefined) {
      nodes.push(element('em', inline(star ?? underline)));
    } else {
      nodes.push(...link(words === undefined ? [address] : inline(words), target ?? address));
    }
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== '');
}

/** A link to the web; any other target is left out and its words stay. */
function link(words, target) {
  if (!/^https?:\/\//i.test(target)) {
    return words;
  }
  const node = element('a', words);
  node.href = target;
  node.target = '_blank';
  node.rel = 'noopener noreferrer';
  return [node];
}

function element(name, children) {
  const node = document.createElement(name);
  node.append(...children);
  return node;
}

// Nodes of the page.

/** The node with an id. */
export const byId = (id) => document.getElementById(id);

/** A new node: its element, its class and what is in it. */
export function make(name, style, ...children) {
  const node = document.createElement(name);
  if (style) {
    node.className = style;
  }
  node.append(...children);
  return node;
}

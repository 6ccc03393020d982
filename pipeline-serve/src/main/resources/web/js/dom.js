// DOM helpers.

/** Returns the node with an id. */
export const byId = (id) => document.getElementById(id);

/** Creates a node with an element name, a class and content. */
export function make(name, style, ...children) {
  const node = document.createElement(name);
  if (style) {
    node.className = style;
  }
  node.append(...children);
  return node;
}

// The page is drawn anew from what is known, and what changed is carried over to what is shown: focus, scroll and
// selection stay where they are.

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */

/**
 * An element. In `props`: `class`, `style` (an object), `on…` (a function), `value`/`checked`/`disabled`…, else attributes.
 * @param {string} tag @param {Record<string, any>} [props] @param {...Child} children
 */
export function h(tag, props, ...children) {
  return build(document.createElement(tag), props, children);
}

/** An element of a drawing. @param {string} tag @param {Record<string, any>} [props] @param {...Child} children */
export function svg(tag, props, ...children) {
  return build(document.createElementNS(SVG, tag), props, children);
}

function build(element, props, children) {
  element.handlers = {};
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) listen(element, name, value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (name === "value") element.givenValue = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  // After the children: a select takes its value from them.
  if (element.givenValue !== undefined) element.value = element.givenValue;
  return element;
}

function listen(element, name, handler) {
  element.handlers[name] = handler;
  element[name] = handler;
}

function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child instanceof Node) element.append(child);
    else if (child !== null && child !== undefined && child !== false) element.append(String(child));
  }
}

/** Makes `container` hold these, keeping what is there where it is the same. @param {Element} container @param {...Child} children */
export function show(container, ...children) {
  const wanted = document.createDocumentFragment();
  append(wanted, children);
  patchChildren(container, wanted);
}

function patchChildren(current, wanted) {
  const keyed = new Map();
  for (const child of current.children) if (child.dataset?.key) keyed.set(child.dataset.key, child);
  let at = current.firstChild;
  for (const next of [...wanted.childNodes]) {
    const key = next.dataset?.key;
    const match = key ? keyed.get(key) : at;
    if (match && alike(match, next)) {
      if (match === at) at = at.nextSibling;
      else current.insertBefore(match, at);
      patch(match, next);
    } else {
      current.insertBefore(next, at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && a.dataset?.key === b.dataset?.key;

function patch(current, wanted) {
  if (current.nodeType === Node.TEXT_NODE) {
    if (current.data !== wanted.data) current.data = wanted.data;
    return;
  }
  patchAttributes(current, wanted);
  for (const name of Object.keys(current.handlers ?? {})) if (!wanted.handlers?.[name]) current[name] = null;
  current.handlers = {};
  for (const [name, handler] of Object.entries(wanted.handlers ?? {})) listen(current, name, handler);
  patchChildren(current, wanted);
  // What somebody is typing is theirs, and so is what they typed where nothing else is wanted.
  const value = wanted.givenValue;
  if (
    value !== undefined &&
    value !== current.value &&
    (value !== current.givenValue || document.activeElement !== current)
  )
    current.value = value;
  current.givenValue = value;
}

function patchAttributes(current, wanted) {
  for (const { name } of [...current.attributes]) {
    const isOpenByHand = name === "open" && current.nodeName === "DETAILS";
    if (!wanted.hasAttribute(name) && !isOpenByHand) current.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name === "style") {
      // By way of the object model: the policy of the page forbids the attribute.
      if (current.style.cssText !== wanted.style.cssText) current.style.cssText = wanted.style.cssText;
    } else if (current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
}

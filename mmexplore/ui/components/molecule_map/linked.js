// Maps of one comparison know of each other: they share a tool, and the molecule pointed at in one lights up in all.
// Every map of a page is made by the same module, so that a list here is all it takes: no event, no word to the server.

/** @import { MoleculeMap } from "./molecule_map.js" */

const FINER = 0.7;
/** @type {Map<string, { maps: Set<MoleculeMap>, tool: string }>} */
const groups = new Map();

/**
 * The group of that name: its maps, and the tool in hand.
 * @param {string} name
 */
export function group(name) {
  const found = groups.get(name) ?? { maps: new Set(), tool: "lasso" };
  groups.set(name, found);
  return found;
}

/**
 * Put a map into the group of that name and into no other; "" is none.
 * @param {MoleculeMap} map
 * @param {string} name
 */
export function link(map, name) {
  if (map.group === name) return;
  unlink(map);
  map.group = name;
  map.view.dot = name ? FINER : 1;
  if (!name) return;
  group(name).maps.add(map);
  map.take(group(name).tool);
}

/**
 * Take a map out of its group; a molecule that it lit up elsewhere goes out.
 * @param {MoleculeMap} map
 */
export function unlink(map) {
  if (!map.group) return;
  light(map, -1);
  group(map.group).maps.delete(map);
  map.group = "";
}

/**
 * Light up a molecule, -1 for none, in the other maps of the group.
 * @param {MoleculeMap} map
 * @param {number} row
 */
export function light(map, row) {
  if (!map.group) return;
  for (const other of group(map.group).maps) if (other !== map) other.echo(row);
}

/**
 * The maps of a group as they stand on the page, row by row.
 * @param {string} name
 */
export function inOrder(name) {
  /** @param {MoleculeMap} map */
  const at = map => map.root.getBoundingClientRect();
  return [...group(name).maps].sort((a, b) => Math.abs(at(a).top - at(b).top) > 40 ? at(a).top - at(b).top : at(a).left - at(b).left);
}

// Where a map gets what it shows: bytes, facts and drawings, each by an address. A page of the app asks its server.

import { draw } from "../dom.js";

/**
 * @typedef {object} Source
 * @property {(address: string) => Promise<Response>} answer
 * @property {(image: HTMLImageElement, address: string) => void} draw   has an image show the drawing of an address
 */

/** @type {Source} */
export const SERVER = { answer: address => fetch(address), draw };

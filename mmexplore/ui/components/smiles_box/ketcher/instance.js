// Ketcher's parts look for the editor at window.ketcher, where whoever embeds it has to put it, and streamlit-ketcher
// 0.0.1 does not: each opening ended in an error about its eventBus, and saving and functional groups failed later.
// Nobody hands the editor out, but it is told its mode once it is whole; that is where it is caught.

const MODE = "standalone";

Object.defineProperty(Object.prototype, MODE, {
  configurable: true,
  /** @param {unknown} value */
  set(value) {
    Object.defineProperty(this, MODE, { value, writable: true, enumerable: true, configurable: true });
    if ("eventBus" in this) Object.assign(window, { ketcher: this });
  },
});

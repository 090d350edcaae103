// A notebook in a few lines: the widget's text is imported as anywidget does it, and its kernel is asked through `kernel`.
async ([esm, state]) => {
  const heard = {}, bytes = text => new DataView(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
  const read = came => Object.fromEntries(Object.entries(came).map(([name, value]) => [name, typeof value === "string" ? bytes(value) : value]));
  let held = read(state);
  const model = {
    get: name => held[name],
    on: (name, hears) => { (heard[name] ??= []).push(hears); },
    off: (name, hears) => { heard[name] = heard[name].filter(other => other !== hears); },
    send: async message => {
      held = read(await window.kernel("did", message));
      heard["change:_shown"].forEach(hears => hears());
      heard["msg:custom"].forEach(hears => hears({ done: true }));
    },
  };
  const invoke = async (name, asked) => [await window.kernel(name, asked), []];
  const { default: widget } = await import(URL.createObjectURL(new Blob([esm], { type: "text/javascript" })));
  const el = document.body.appendChild(document.createElement("div"));
  window.takeAway = await widget.render({ model, el, experimental: { invoke } });
  window.listening = () => Object.values(heard).flat().length;
}

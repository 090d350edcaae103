// What a page of Streamlit and its server say to each other, so that a test can wait for an answer and not for seconds.
//
// `talk.asked` counts the runs that were asked for by somebody (not by a timer); `talk.quiet` is true once the last of
// them has begun, has ended and is drawn. Field numbers of the messages come from Streamlit's own descriptors.
(numbers => {
  const talk = window.talk = { asked: 0, quiet: false };
  let open = true, running = false, turn = 0;   // a page that has not asked yet is about to

  const changed = () => {
    const mine = ++turn;
    talk.quiet = false;
    if (!open && !running) requestIdleCallback(() => { if (mine === turn) talk.quiet = true; });
  };

  /** The top level of a protobuf message: [number, value], the value an integer or the bytes of what is inside. */
  const fields = bytes => {
    const found = [];
    let at = 0;
    const integer = () => {
      let value = 0, scale = 1, byte;
      do { byte = bytes[at++]; value += (byte & 127) * scale; scale *= 128; } while (byte > 127);
      return value;
    };
    while (at < bytes.length) {
      const tag = integer(), kind = tag & 7, size = { 1: 8, 2: 0, 5: 4 }[kind];
      const length = kind === 2 ? integer() : size;
      found.push([tag >> 3, kind ? bytes.subarray(at, at + length) : integer()]);
      at += kind ? length : 0;
    }
    return found;
  };
  const all = (message, number) => message.filter(([n]) => n === number).map(([, value]) => value);

  const sent = bytes => {
    const [rerun] = all(fields(bytes), numbers.rerun_script).map(fields);
    if (!rerun || all(rerun, numbers.is_auto_rerun)[0]) return;
    talk.asked += 1;
    open = true;
    changed();
  };

  const heard = bytes => {
    const message = fields(bytes);
    if (all(message, numbers.new_session).length) {
      [open, running] = [false, true];
      changed();
    }
    for (const how of all(message, numbers.script_finished)) {
      running = how === numbers.early;   // then another run follows at once
      changed();
    }
  };

  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...words) {
      super(...words);
      this.addEventListener("message", ({ data }) => { if (data instanceof ArrayBuffer) heard(new Uint8Array(data)); });
    }

    send(data) {
      if (ArrayBuffer.isView(data)) sent(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      super.send(data);
    }
  };
})(NUMBERS);

// Whether the kernel that a picture belongs to is still there. Without it a control would look alive and do nothing.

const RESTARTED = "The kernel was restarted: run the cells above, then run this cell again.";
const STOPPED = "The kernel has stopped: start it, run the cells above, then run this cell again.";
const WORDS = { restarting: RESTARTED, autorestarting: RESTARTED, dead: STOPPED, terminating: STOPPED };
const CUT_OFF = "jupyter-widgets-disconnected"; // what ipywidgets writes on a view whose kernel it has lost

/** Once for each model: note on it when its kernel goes. JupyterLab tells; other front ends only mark the views. */
export function initialize({ model, signal }) {
  const session = model.widget_manager?.context?.sessionContext;
  if (!session?.statusChanged) return;
  const status = (_, now) => { if (WORDS[now]) model.set("gone", WORDS[now]); };
  const change = (_, { oldValue, newValue }) => {
    if (oldValue && oldValue.id !== newValue?.id) model.set("gone", newValue ? RESTARTED : STOPPED);
  };
  session.statusChanged.connect(status);
  session.kernelChanged.connect(change);
  signal?.addEventListener("abort", () => {
    session.statusChanged.disconnect(status);
    session.kernelChanged.disconnect(change);
  });
}

/** Call `show` with the words to show now, "" while all is well, and again at every change. Returns what ends it. */
export function whileGone(model, el, show) {
  const tell = () => show(model.get("gone") || (el.classList.contains(CUT_OFF) ? RESTARTED : ""));
  const marks = new MutationObserver(tell);
  marks.observe(el, { attributes: true, attributeFilter: ["class"] });
  model.on("change:gone", tell);
  tell();
  return () => {
    marks.disconnect();
    model.off("change:gone", tell);
  };
}

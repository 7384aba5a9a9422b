// The stage: how large the picture is drawn, which part of it is seen, and moving about in it.

import { html, round, svg } from "./dom.js";
import { Overview } from "./overview.js";

// The scales to start with. A picture that is only a little too wide is shrunk until all of it is seen; one that would
// become too small to read keeps a size that can be read, and is scrolled.
const SIZES = {
  normal: { tightest: 0.58, least: 0.8, most: 1.15, tallest: 488 },
  large: { tightest: 1.05, least: 1.2, most: 2.2, tallest: 828 },
};

export class Stage {
  constructor(notice, ...layers) {
    this.size = "normal";
    this.full = false; // the picture has the screen to itself
    this.picture = { w: 0, h: 0 };
    this.page = { w: 0, h: 0, scale: 1 }; // what is on the screen
    this.aim = this.page; // where an animation takes it
    this.zoom = null; // null: as large as fits
    this.wide = 0; // px across in which the picture stands in the middle
    this.low = 0; // the same down, where the picture is less high
    this.svg = svg("svg", { class: "vg-svg", role: "group" }, ...layers);
    this.element = html("div", { class: "vg-stage" }, notice, this.svg);
    this.element.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY / 300), event);
    }, { passive: false });
    this.overview = new Overview(this);
    this.element.addEventListener("scroll", () => this.fade(), { passive: true });
    this.element.addEventListener("pointerdown", (event) => this.drag(event));
  }

  goal() {
    const { w, h } = this.picture;
    if (this.zoom !== null) return { w, h, scale: this.zoom };
    const { tightest, least, most } = this.sizes();
    const whole = this.wholeScale();
    const scale = whole < tightest ? least : Math.min(most, whole);
    // A small change of the picture is no reason to rescale it.
    const calm = this.page.w && this.page.scale <= scale && this.page.scale >= 0.8 * scale;
    return { w, h, scale: calm ? this.page.scale : scale };
  }

  sizes() {
    if (!this.full) return SIZES[this.size];
    return { ...SIZES[this.size], most: SIZES.large.most, tallest: Math.max(200, this.element.clientHeight - 36) };
  }

  /** The scale at which all of the picture is seen at once. */
  wholeScale() {
    const { w, h } = this.picture;
    if (!w) return this.sizes().most;
    return Math.min((this.wide || w) / w, this.sizes().tallest / Math.max(1, h));
  }

  setPage(w, h, scale) {
    this.page = { w, h, scale };
    this.svg.setAttribute("viewBox", `0 0 ${round(Math.max(w, 1))} ${round(Math.max(h, 1))}`);
    this.svg.setAttribute("width", round(w * scale));
    this.svg.setAttribute("height", round(h * scale));
    // Not by automatic margins: the details of a node make less room for it, or more, and it has to stay where it is.
    this.svg.style.marginLeft = `${round(Math.max(0, (this.wide - w * scale) / 2))}px`;
    this.svg.style.marginTop = this.full ? "auto" : `${round(Math.max(0, (this.low - h * scale) / 2))}px`;
    this.svg.style.setProperty("--label", `${round(Math.max(12, Math.min(14, 10.4 / scale)))}px`); // read in small pictures too
  }

  go() {
    const { w, h, scale } = this.aim = this.goal();
    this.setPage(w, h, scale);
  }

  /** Pale edges on the sides where there is more to see, and the whole in small. */
  fade() {
    const { scrollLeft, clientWidth, scrollWidth } = this.element;
    this.element.classList.toggle("vg-more-left", scrollLeft > 2);
    this.element.classList.toggle("vg-more-right", scrollLeft + clientWidth < scrollWidth - 2);
    this.overview.follow();
  }

  /** Fit anew when the room or the wanted size is another one. Details that open beside the picture cover a part of it:
   *  it stays as it is. Returns whether another part of it is seen. */
  resize(size) {
    const room = this.element.parentElement.clientWidth - 6, height = this.full ? this.element.clientHeight : 0;
    const seen = this.element.clientWidth, before = this.seen;
    if (room < 40) return false;
    this.seen = seen;
    if (room === this.room && this.size === size && this.height === height) {
      if (seen > before && this.wide < room) this.center(room);
      this.fade();
      return seen !== before;
    }
    Object.assign(this, { room, size, height, zoom: null, wide: room });
    this.low = Math.max(120, parseFloat(getComputedStyle(this.element).minHeight) || 0) - 32;
    this.page.w = 0; // a new width starts a new fit
    this.go();
    this.fade();
    return true;
  }

  center(wide) {
    this.wide = wide;
    this.go();
  }

  /** Scroll the stage, and only the stage, so far that what stands at `x`, `y` and is `w` by `h` large is seen: to the
   *  middle, or with `little` no farther than it takes. */
  reveal({ x, y }, { w, h }, little) {
    const { element, page: { scale } } = this;
    const left = parseFloat(this.svg.style.marginLeft) || 0, top = parseFloat(this.svg.style.marginTop) || 0;
    const by = (middle, half, room) => {
      if (middle - half >= 0 && middle + half <= room) return 0;
      if (!little) return middle - room / 2;
      return middle - half < 0 ? middle - half : middle + half - room;
    };
    element.scrollLeft += by(x * scale + left - element.scrollLeft, (w / 2) * scale + 20, element.clientWidth);
    element.scrollTop += by(y * scale + top - element.scrollTop, (h / 2) * scale + 20, element.clientHeight);
  }

  zoomBy(factor, at) {
    const box = this.element.getBoundingClientRect();
    const px = at ? at.clientX - box.left : box.width / 2, py = at ? at.clientY - box.top : box.height / 2;
    const old = this.page.scale;
    this.wide = this.element.clientWidth - 6; // the part that can be seen
    const all = Math.min(this.sizes().most, this.wholeScale());
    this.zoom = factor ? Math.max(0.1, Math.min(4, old * factor)) : all;
    const { scale } = this.goal();
    const keep = (scrolled, p) => (scrolled + p) * (scale / old) - p; // what was at the pointer stays there
    const left = keep(this.element.scrollLeft, px), top = keep(this.element.scrollTop, py);
    this.go();
    this.element.scrollTo(left, top);
    this.fade();
  }

  drag(event) {
    if (event.button !== 0 || event.target.closest(".vg-node")) return;
    const { element } = this;
    const start = [event.clientX + element.scrollLeft, event.clientY + element.scrollTop];
    const move = (e) => element.scrollTo(start[0] - e.clientX, start[1] - e.clientY);
    const end = () => {
      element.removeEventListener("pointermove", move);
      element.classList.remove("vg-dragging");
    };
    element.classList.add("vg-dragging");
    element.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
      element.addEventListener(name, end, { once: true });
    }
  }
}

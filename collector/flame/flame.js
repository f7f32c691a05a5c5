// Zoom and search in flame graphs: our own, and all that there is. A click on a
// box makes it as wide as the picture; a click on what is above goes back. What
// is typed into the search is marked. Without this script the pictures are
// whole, and titles tell what a box is.
(function () {
  "use strict";
  var WIDTH = 1200, NARROW = 760, LETTER = 6.65, LINE = 15, INSET = 3, NEAR = 0.02;

  function make(name, attributes, text) {
    var e = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes).forEach(function (k) { e.setAttribute(k, attributes[k]); });
    if (text) e.textContent = text;
    return e;
  }

  // The words of a box are as in Go: without the path of the package, or without
  // the package, or a part of it.
  function short(name) {
    var end = name.indexOf("[");
    var path = name.slice(0, end < 0 ? name.length : end), slash = path.lastIndexOf("/");
    if (slash < 0) return name;
    if (!/^v[0-9]+\./.test(name.slice(slash + 1))) return name.slice(slash + 1);
    return path.slice(path.lastIndexOf("/", slash - 1) + 1, slash) + name.slice(name.indexOf(".", slash));
  }

  function label(name, w) {
    var n = Math.floor((w - 2 * INSET) / LETTER), text = short(name), bare = text.slice(text.indexOf(".") + 1);
    if (n < 3) return "";
    if (text.length <= n) return text;
    return bare.length <= n ? bare : text.slice(0, n - 1) + "…";
  }

  function read(g) {
    var rect = g.querySelector("rect");
    return {
      g: g, rect: rect, text: g.querySelector("text"), name: g.querySelector("title").textContent.split("\n")[0],
      x: +rect.getAttribute("x"), y: +rect.getAttribute("y"), w: +rect.getAttribute("width")
    };
  }

  function place(b, x, w) {
    b.rect.setAttribute("x", x.toFixed(2));
    b.rect.setAttribute("width", w.toFixed(2));
    b.g.classList.toggle("thin", w < 3);
    var text = label(b.name, w);
    if (!b.text) {
      if (!text) return;
      b.text = make("text", { y: b.y + 12 });
      b.g.appendChild(b.text);
    }
    b.text.setAttribute("x", (x + INSET).toFixed(2));
    b.text.textContent = text;
  }

  // wrap writes a text in as many lines as it needs, the last or the first of them where it
  // was, and returns how many there are more.
  function wrap(element, text, width, up) {
    var lines = [""], most = Math.max(Math.floor((width - 8) / (up ? 8 : LETTER)), 10);
    text.split(" ").forEach(function (word) {
      var line = lines[lines.length - 1];
      if (line && line.length + 1 + word.length > most) lines.push(word);
      else lines[lines.length - 1] = line ? line + " " + word : word;
    });
    element.textContent = "";
    lines.forEach(function (line, i) {
      var dy = i > 0 ? LINE : up ? (1 - lines.length) * LINE : 0;
      element.appendChild(make("tspan", { x: element.getAttribute("x"), dy: dy }, line + (i < lines.length - 1 ? " " : "")));
    });
    return lines.length - 1;
  }

  function start(svg) {
    var boxes = Array.prototype.map.call(svg.querySelectorAll(".boxes > g"), read);
    if (!boxes.length) return;
    var note = svg.querySelectorAll(".note"), last = note[note.length - 1], said = last.textContent;
    var title = svg.querySelector(".title"), heading = title.textContent, height = svg.viewBox.baseVal.height;
    var width = WIDTH, zoomed = boxes[0];

    function zoom(to) {
      boxes.forEach(function (b) {
        var inside = b.x >= to.x - NEAR && b.x + b.w <= to.x + to.w + NEAR && b.y >= to.y;
        var above = b.y < to.y && b.x <= to.x + NEAR && b.x + b.w >= to.x + to.w - NEAR;
        b.g.classList.toggle("off", !inside && !above);
        b.g.classList.toggle("up", above);
        if (above) place(b, 0, width);
        if (inside) place(b, (b.x - to.x) / to.w * width, b.w / to.w * width);
      });
      zoomed = to;
      svg.dataset.zoomed = to === boxes[0] ? "" : to.name;
    }

    function search(text) {
      var wanted = text.toLowerCase(), tops = [], found = 0;
      boxes.forEach(function (b, i) {
        var hit = i > 0 && !b.g.classList.contains("rest") && wanted !== "" && b.name.toLowerCase().indexOf(wanted) >= 0;
        b.g.classList.toggle("hit", hit);
        // A box comes before those below it: a call inside a call that was
        // found counts no second time.
        if (hit && !tops.some(function (o) { return b.y > o.y && b.x >= o.x - NEAR && b.x + b.w <= o.x + o.w + NEAR; })) {
          tops.push(b);
          found += b.w;
        }
      });
      last.textContent = wanted === "" ? said : "“" + text + "” is in " + (found / boxes[0].w * 100).toFixed(1) + " %";
      fit();
      svg.dataset.found = wanted === "" ? "" : (found / boxes[0].w * 100).toFixed(1);
    }

    // On a narrow screen the picture is as wide as that, and its letters stay legible: the
    // boxes become narrower, and the texts above and below them have more lines.
    function fit() {
      var room = document.documentElement === svg ? WIDTH : svg.getBoundingClientRect().width;
      var narrow = room > 0 && room < NARROW, wide = narrow ? room : WIDTH;
      if (wide === WIDTH && width === WIDTH) return;
      var above = wrap(title, heading, wide, true), below = wrap(last, last.textContent, wide, false);
      svg.setAttribute("viewBox", [0, -above * LINE, wide, height + (above + below) * LINE].join(" "));
      if (wide === width) return;
      width = wide;
      zoom(zoomed);
    }

    svg.addEventListener("click", function (event) {
      var g = event.target.closest ? event.target.closest(".boxes > g") : null;
      boxes.forEach(function (b) { if (b.g === g) zoom(b); });
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape") zoom(boxes[0]);
    });
    window.addEventListener("resize", fit);
    fit();
    attach(svg, function () { zoom(boxes[0]); }, search);
  }

  // attach finds the page's tools, or makes some in a picture of its own.
  function attach(svg, reset, search) {
    var field = document.querySelector("[data-flame-search]"), button = document.querySelector("[data-flame-reset]");
    if (button) {
      button.hidden = false;
      button.addEventListener("click", function (event) { event.preventDefault(); reset(); });
    }
    if (field) {
      field.addEventListener("input", function () { search(field.value); });
      if (field.value) search(field.value);
    }
    if (field || document.documentElement !== svg) return;
    var ask = make("text", { "class": "tool", x: 1090, y: 17 }, "search"), back = make("text", { "class": "tool", x: 1150, y: 17 }, "reset");
    ask.addEventListener("click", function () { search(window.prompt("Functions with this text in their name:") || ""); });
    back.addEventListener("click", function () { search(""); reset(); });
    svg.appendChild(ask);
    svg.appendChild(back);
  }

  Array.prototype.forEach.call(document.querySelectorAll("svg.flame"), start);
  document.documentElement.dataset.flame = "ready";
})();

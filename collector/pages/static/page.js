// Tables that are sorted by a click on a heading. Without this script they are
// sorted as they came.
(function () {
  "use strict";
  function number(row, column) {
    var cell = row.cells[column];
    return cell ? +cell.dataset.n : 0;
  }
  document.querySelectorAll("table.sortable").forEach(function (table) {
    var body = table.tBodies[0], first = body && body.rows[0];
    if (!first) return;
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
      if (!first.cells[column] || first.cells[column].dataset.n === undefined) return;
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", function () {
        var rows = Array.prototype.slice.call(body.rows);
        rows.sort(function (a, b) { return Math.abs(number(b, column)) - Math.abs(number(a, column)); });
        rows.forEach(function (row) { body.appendChild(row); });
      });
    });
  });
})();

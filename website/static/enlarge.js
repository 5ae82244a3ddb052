// A figure opens by itself, as large as it is: on a phone its small letters can be read so.
for (const image of document.querySelectorAll(".cell_output img")) {
  const link = document.createElement("a");
  link.href = image.src;
  link.title = "open this figure by itself";
  image.replaceWith(link);
  link.append(image);
}

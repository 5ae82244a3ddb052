// A trained network in the page: pictures stay on this machine.
const SIZE = 128;
const { runtime, model, scenes, classes } = window.playground;
const room = document.getElementById("playground");
const find = (name) => room.querySelector(`[data-part="${name}"]`);

const unpack = async (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

const start = async () => {
  const code = URL.createObjectURL(new Blob([runtime.code], { type: "text/javascript" }));
  const ort = await import(code);
  ort.env.wasm.numThreads = 1; // threads need a server's permission
  ort.env.wasm.wasmBinary = (await unpack(runtime.wasm)).buffer;
  const session = await ort.InferenceSession.create(await unpack(model));
  return async (pixels) => {
    const input = new ort.Tensor("float32", pixels, [1, SIZE, SIZE, 3]);
    const answer = await session.run({ [session.inputNames[0]]: input });
    return answer[session.outputNames[0]].data;
  };
};

const canvas = () => Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE }).getContext("2d");

// The middle square of a picture, at the size that the network was trained with.
const squared = (image) => {
  const side = Math.min(image.naturalWidth, image.naturalHeight);
  const context = canvas();
  const [left, top] = [(image.naturalWidth - side) / 2, (image.naturalHeight - side) / 2];
  context.imageSmoothingQuality = "high";
  context.drawImage(image, left, top, side, side, 0, 0, SIZE, SIZE);
  return context;
};

const strongest = (logits, place) => {
  const scores = logits.subarray(place * classes.length, (place + 1) * classes.length);
  return scores.indexOf(Math.max(...scores));
};

const painted = (labels) => {
  const context = canvas();
  const mask = context.createImageData(SIZE, SIZE);
  labels.forEach((label, place) => mask.data.set([...classes[label].color, 255], 4 * place));
  context.putImageData(mask, 0, 0);
  return context.canvas.toDataURL();
};

const loaded = async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
};

// A painted mask, back to the number of each pixel's class.
const numbered = ({ data }) =>
  Array.from({ length: SIZE * SIZE }, (_, place) =>
    classes.findIndex(({ color }) => color.every((value, channel) => value === data[4 * place + channel])),
  );

const count = (labels, wanted) => labels.filter((_, place) => wanted(place)).length;

// What is said of each class: its IoU where the truth is known, its share of the picture where it is not.
const score = (labels, truth, label) => {
  if (!truth) return `${Math.round((100 * count(labels, (place) => labels[place] === label)) / labels.length)} %`;
  const both = count(labels, (place) => labels[place] === label && truth[place] === label);
  const either = count(labels, (place) => labels[place] === label || truth[place] === label);
  return (both / either).toFixed(2);
};

let network;
const segment = async (address, pressed, trueMask) => {
  let image, trueImage;
  try {
    [image, trueImage] = await Promise.all([loaded(address), trueMask && loaded(trueMask)]);
  } catch {
    find("says").textContent = "This file is no picture that the browser can read: take a PNG or a JPEG.";
    return;
  }
  buttons.forEach((button) => button.setAttribute("aria-pressed", button === pressed));
  const context = squared(image);
  const { data } = context.getImageData(0, 0, SIZE, SIZE);
  const pixels = Float32Array.from({ length: SIZE * SIZE * 3 }, (_, place) => data[4 * Math.floor(place / 3) + (place % 3)]);
  network = network || start();
  const run = await network;
  const began = performance.now();
  const logits = await run(pixels);
  const milliseconds = Math.round(performance.now() - began);
  const labels = Array.from({ length: SIZE * SIZE }, (_, place) => strongest(logits, place));
  find("picture").src = context.canvas.toDataURL();
  find("mask").src = find("over").src = painted(labels);
  find("panels").hidden = false;
  find("true").hidden = !trueMask;
  const truth = trueMask && numbered(squared(trueImage).getImageData(0, 0, SIZE, SIZE));
  if (trueMask) find("truth").src = trueMask;
  const scores = classes.map(({ name }, label) => `${name} ${score(labels, truth, label)}`);
  find("says").textContent = `${trueMask ? "IoU: " : "of all pixels: "}${scores.join(" · ")} · ${milliseconds} ms`;
};

const take = (files) => files.length && segment(URL.createObjectURL(files[0]));

const buttons = scenes.map(({ image, truth, about }) => {
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.append(Object.assign(new Image(SIZE, SIZE), { src: image, alt: about }));
  button.addEventListener("click", () => segment(image, button, truth));
  find("scenes").append(button);
  return button;
});
classes.forEach(({ name, color }) => {
  const patch = document.createElement("span");
  patch.style.background = `rgb(${color})`;
  patch.className = "patch";
  const word = document.createElement("span");
  word.append(patch, name);
  find("legend").append(word);
});
find("file").addEventListener("change", ({ target }) => take(target.files));
find("strength").addEventListener("input", ({ target }) => (find("over").style.opacity = target.value));
room.addEventListener("dragover", (event) => event.preventDefault());
room.addEventListener("drop", (event) => {
  event.preventDefault();
  take(event.dataTransfer.files);
});
segment(scenes[0].image, buttons[0], scenes[0].truth);

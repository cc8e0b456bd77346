/**
 * Draws up to some hundred thousand points with WebGL 2. Written by hand, since regl, on which the scatter plots of others rest, makes its code while it runs,
 * which the pages' security policy refuses.
 */
import type { Camera, Screen } from './camera.ts';
import type { Points } from './geometry.ts';

const vertexShader = `#version 300 es
in vec2 place;
in vec4 colour;
uniform vec2 centre;
uniform vec2 scale;
uniform float size;
out vec4 ink;
void main() {
  gl_Position = vec4((place - centre) * scale, 0.0, 1.0);
  gl_PointSize = size;
  ink = colour;
}`;

/** A disc with a soft rim; with a ring, in the ring's colour outside of 0.75 of the radius. */
const fragmentShader = `#version 300 es
precision highp float;
in vec4 ink;
uniform float size;
uniform vec4 ring;
out vec4 pixel;
void main() {
  float radius = length(gl_PointCoord - 0.5) * 2.0;
  float soft = 2.0 / size;
  vec4 here = mix(ink, vec4(ring.rgb, 1.0), ring.a * smoothstep(0.75 - soft, 0.75, radius));
  float cover = here.a * (1.0 - smoothstep(1.0 - soft, 1.0, radius));
  if (cover <= 0.0) discard;
  pixel = vec4(here.rgb * cover, cover);
}`;

export class NoWebGl extends Error {
  constructor() {
    super('This machine draws no WebGL, which the map needs.');
    this.name = 'NoWebGl';
  }
}

export class PointCanvas {
  readonly #gl: WebGL2RenderingContext;
  readonly #canvas: HTMLCanvasElement;
  readonly #program: WebGLProgram;
  readonly #places: WebGLBuffer;
  readonly #colours: WebGLBuffer;
  readonly #raised: WebGLBuffer;
  #count = 0;
  #raisedCount = 0;

  /** @throws NoWebGl */
  constructor(canvas: HTMLCanvasElement) {
    const gl = canvas.getContext('webgl2', { antialias: false, premultipliedAlpha: true });
    if (gl === null) throw new NoWebGl();
    this.#gl = gl;
    this.#canvas = canvas;
    this.#program = link(gl);
    this.#places = gl.createBuffer();
    this.#colours = gl.createBuffer();
    this.#raised = gl.createBuffer();
    gl.useProgram(this.#program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  place({ x, y }: Points): void {
    const gl = this.#gl;
    this.#count = x.length;
    const places = new Float32Array(2 * x.length);
    for (let i = 0; i < x.length; i++) {
      places[2 * i] = x[i];
      places[2 * i + 1] = y[i];
    }
    this.#fill(this.#places, places, 'place', 2, gl.FLOAT);
  }

  /** @param colours [points, 4], 0 … 255, the last one opacity */
  colour(colours: Uint8Array): void {
    this.#fill(this.#colours, colours, 'colour', 4, this.#gl.UNSIGNED_BYTE);
  }

  /** These are drawn once more on top, larger and with a ring. */
  raise(points: ArrayLike<number>): void {
    const gl = this.#gl;
    this.#raisedCount = points.length;
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.#raised);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, Uint32Array.from(points), gl.DYNAMIC_DRAW);
  }

  /**
   * @param size of a point in CSS pixels
   * @param ring its colour around raised points, 0 … 1
   */
  draw(camera: Camera, screen: Screen, size: number, ring: readonly [number, number, number]): void {
    const gl = this.#gl;
    const ratio = devicePixelRatio;
    const width = Math.max(1, Math.round(screen.width * ratio));
    const height = Math.max(1, Math.round(screen.height * ratio));
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.#count === 0) return;
    const uniform = (name: string) => gl.getUniformLocation(this.#program, name);
    gl.uniform2f(uniform('centre'), camera.x, camera.y);
    gl.uniform2f(uniform('scale'), (2 * camera.scale) / screen.width, (2 * camera.scale) / screen.height);
    gl.uniform1f(uniform('size'), size * ratio);
    gl.uniform4f(uniform('ring'), 0, 0, 0, 0);
    gl.drawArrays(gl.POINTS, 0, this.#count);
    if (this.#raisedCount === 0) return;
    gl.uniform1f(uniform('size'), (size + 4) * ratio);
    gl.uniform4f(uniform('ring'), ...ring, 1);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.#raised);
    gl.drawElements(gl.POINTS, this.#raisedCount, gl.UNSIGNED_INT, 0);
  }

  /** Gives the graphics memory back at once: a page has few of such contexts. */
  dispose(): void {
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  #fill(buffer: WebGLBuffer, values: Float32Array | Uint8Array, name: string, width: number, type: number): void {
    const gl = this.#gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    const at = gl.getAttribLocation(this.#program, name);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, width, type, type === gl.UNSIGNED_BYTE, 0, 0);
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertexShader],
    [gl.FRAGMENT_SHADER, fragmentShader],
  ] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS))
      throw new Error(gl.getShaderInfoLog(shader) ?? 'A shader is wrong.');
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS))
    throw new Error(gl.getProgramInfoLog(program) ?? 'The shaders do not fit.');
  return program;
}

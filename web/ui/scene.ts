/**
 * The one door to three.js: bones as shaded surfaces in LPS mm (z to the head is up), seen by an orthographic camera, so
 * that lengths on the screen are lengths of the bone. Drawn only when something changed. A cut by a plane shows the inside
 * of the bone in a colour of its own: surfaces are closed, so the back faces behind the cut fill it like a cap.
 */
import {
  BackSide,
  BufferAttribute,
  BufferGeometry,
  Color,
  DirectionalLight,
  DoubleSide,
  FrontSide,
  Group,
  HemisphereLight,
  Line,
  LineBasicMaterial,
  Mesh,
  MeshBasicMaterial,
  MeshPhongMaterial,
  type Object3D,
  OrthographicCamera,
  Plane,
  Points,
  PointsMaterial,
  Raycaster,
  Scene,
  Vector2,
  Vector3,
  WebGLRenderer,
} from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import { acceleratedRaycast, MeshBVH } from 'three-mesh-bvh';
import { cameraOf, type View } from '../../src/mesh/camera.ts';
import type { Mesh as Surface } from '../../src/mesh/mesh.ts';

export type Point = readonly [x: number, y: number, z: number];

/** What is shown: a surface with one colour or the mesh's own, and how much of what lies behind shows through. */
export interface Shown {
  surface: Surface;
  /** '#rrggbb'; without, the mesh's colours, or bone. */
  colour?: string;
  /** 0 to 1. */
  opacity?: number;
}

/** What lies on the far side of `position` (LPS mm) along an axis is cut away; `flip` cuts the near side. */
export interface Cut {
  axis: 0 | 1 | 2;
  position: number;
  flip: boolean;
}

/** Where a picture is taken from: linked views share it. */
export interface CameraState {
  position: Point;
  target: Point;
  /** Half the height, or width where that is less, of what is seen, mm. */
  half_mm: number;
}

const BONE = '#e4d9c3';
const INSIDE = '#b9785a';
const MARK = '#d3431c';
/** The camera stands off by this many times the radius of what it sees; it is orthographic, so nothing changes but the near plane. */
const AWAY = 4;

Mesh.prototype.raycast = acceleratedRaycast;

/** A canvas with bones in it. Throws `Error` where the browser has no WebGL 2. */
export class SkullScene {
  readonly #renderer: WebGLRenderer;
  readonly #scene = new Scene();
  readonly #camera = new OrthographicCamera(-1, 1, 1, -1, 0.1, 10_000);
  readonly #controls: OrbitControls;
  readonly #bones = new Group();
  readonly #marks = new Group();
  readonly #light = new DirectionalLight('#fff6ea', 2.5);
  #planes: Plane[] = [];
  #centre = new Vector3();
  #radius = 100;
  /** Half of what is seen at zoom 1, mm. */
  #half = 100;
  #frame = 0;
  #placed = false;
  /** Told when a person moved the camera. */
  onCamera?: (state: CameraState) => void;

  constructor(canvas: HTMLCanvasElement) {
    this.#renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true, preserveDrawingBuffer: true });
    this.#renderer.localClippingEnabled = true;
    this.#camera.up.set(0, 0, 1);
    this.#scene.add(this.#bones, this.#marks, this.#camera, new HemisphereLight('#ffffff', '#6f675c', 1.0));
    this.#light.position.set(-0.5, 0.8, 1);
    this.#camera.add(this.#light);
    this.#controls = new OrbitControls(this.#camera, canvas);
    this.#controls.enableDamping = false;
    canvas.addEventListener('webglcontextrestored', () => this.#draw());
    this.#controls.addEventListener('change', () => {
      this.#draw();
      this.onCamera?.(this.camera);
    });
  }

  /**
   * Replaces what is shown; a cut stays. The first bones place the camera; later ones leave it where it is or, with `follow`, are
   * seen from the same side, as large in the picture and as near to its middle as those before.
   */
  show(shown: readonly Shown[], follow = false): void {
    dispose(this.#bones);
    for (const one of shown) if (one.surface.indices.length > 0) this.#bones.add(...this.#parts(one));
    if (this.#bones.children.length > 0) {
      const [centre, radius] = [this.#centre.clone(), this.#radius];
      this.#measure();
      if (!this.#placed) this.look('threeQuarter');
      else if (follow) this.#follow(this.#centre.clone().sub(centre), this.#radius / radius);
    }
    this.#clip();
    this.#draw();
  }

  #follow(move: Vector3, growth: number): void {
    const { position, target, half_mm } = this.camera;
    const moved = (point: Point): Point =>
      move
        .clone()
        .add(new Vector3(...point))
        .toArray();
    this.camera = { position: moved(position), target: moved(target), half_mm: half_mm * growth };
    this.onCamera?.(this.camera);
  }

  #parts({ surface, colour, opacity = 1 }: Shown): Mesh[] {
    const geometry = new BufferGeometry();
    geometry.setAttribute('position', new BufferAttribute(surface.positions, 3));
    geometry.setIndex(new BufferAttribute(surface.indices, 1));
    if (surface.normals) geometry.setAttribute('normal', new BufferAttribute(surface.normals, 3));
    else geometry.computeVertexNormals();
    const painted = surface.colours !== undefined && colour === undefined;
    if (painted) geometry.setAttribute('color', new BufferAttribute(surface.colours!, 3, true));
    const common = {
      clippingPlanes: this.#planes,
      transparent: opacity < 1,
      opacity,
      depthWrite: opacity === 1,
    };
    const outside = new MeshPhongMaterial({
      ...common,
      color: painted ? '#ffffff' : (colour ?? BONE),
      vertexColors: painted,
      specular: '#1c1a17',
      shininess: 12,
      side: opacity < 1 ? DoubleSide : FrontSide,
    });
    const parts: Mesh[] = [new Mesh(geometry, outside)];
    // What is seen through needs no cap.
    if (opacity === 1)
      parts.push(
        new Mesh(
          geometry,
          new MeshBasicMaterial({
            ...common,
            color: colour === undefined ? INSIDE : new Color(colour).multiplyScalar(0.6),
            side: BackSide,
          }),
        ),
      );
    return parts;
  }

  /** Where the bones shown lie: what the sides are taken from. A camera that was given from elsewhere does not tell. */
  #measure(): void {
    const low = new Vector3(Infinity, Infinity, Infinity);
    const high = low.clone().negate();
    for (const child of this.#bones.children) {
      const { geometry } = child as Mesh;
      geometry.computeBoundingBox();
      low.min(geometry.boundingBox!.min);
      high.max(geometry.boundingBox!.max);
    }
    this.#centre.addVectors(low, high).multiplyScalar(0.5);
    this.#radius = Math.max(1, low.distanceTo(high) / 2);
  }

  /** A named view (mesh/camera.ts), the whole bone in the picture. */
  look(view: View): void {
    const { forward, up } = cameraOf(view);
    const away = new Vector3(...forward).multiplyScalar(-AWAY * this.#radius);
    // Straight from above or below the orbit has no side that is up: a trace of tilt keeps the face where it belongs.
    if (Math.abs(forward[2]) > 0.999) away.addScaledVector(new Vector3(...up), -1e-3 * AWAY * this.#radius);
    this.camera = {
      position: this.#centre.clone().add(away).toArray() as unknown as Point,
      target: this.#centre.toArray() as unknown as Point,
      half_mm: 0.86 * this.#radius,
    };
    this.onCamera?.(this.camera);
  }

  get camera(): CameraState {
    const { position, zoom } = this.#camera;
    return {
      position: position.toArray(),
      target: this.#controls.target.toArray(),
      half_mm: this.#half / zoom,
    };
  }

  set camera({ position, target, half_mm }: CameraState) {
    this.#placed = true;
    const tell = this.onCamera;
    this.onCamera = undefined;
    this.#camera.position.set(...position);
    this.#camera.zoom = 1;
    this.#half = half_mm;
    this.#controls.target.set(...target);
    this.#fit();
    this.#controls.update();
    this.onCamera = tell;
    this.#draw();
  }

  /** Turns and moves the camera by hand or key: degrees round and up, and a factor of zoom. */
  turn(round_deg: number, up_deg: number, zoom = 1): void {
    const offset = this.#camera.position.clone().sub(this.#controls.target);
    const length = offset.length();
    const around = Math.atan2(offset.y, offset.x) + (round_deg * Math.PI) / 180;
    const high = Math.asin(offset.z / length) + (up_deg * Math.PI) / 180;
    const limit = Math.PI / 2 - 1e-3;
    const e = Math.min(Math.max(high, -limit), limit);
    offset
      .set(Math.cos(around) * Math.cos(e), Math.sin(around) * Math.cos(e), Math.sin(e))
      .multiplyScalar(length);
    const { target, half_mm } = this.camera;
    this.camera = {
      position: this.#controls.target.clone().add(offset).toArray() as unknown as Point,
      target,
      half_mm: Math.min(Math.max(half_mm / zoom, this.#radius / 30), 5 * this.#radius),
    };
    this.onCamera?.(this.camera);
  }

  /** Cuts everything shown by a plane; undefined shows all. */
  set cut(cut: Cut | undefined) {
    const normal = new Vector3();
    if (cut) normal.setComponent(cut.axis, cut.flip ? 1 : -1);
    this.#planes = cut ? [new Plane(normal, cut.flip ? -cut.position : cut.position)] : [];
    this.#clip();
    this.#draw();
  }

  #clip(): void {
    for (const child of this.#bones.children) {
      const material = (child as Mesh).material as MeshPhongMaterial;
      material.clippingPlanes = this.#planes;
      // Of a whole bone the inside would only show as a rim.
      if (isInside(child)) child.visible = this.#planes.length > 0;
    }
  }

  /** The point of the bone under a place of the canvas, from -1 to 1 to the right and up; what is cut away is passed. */
  pick(right: number, up: number): Point | undefined {
    // A turn that is not drawn yet counts.
    this.#camera.updateMatrixWorld();
    const ray = new Raycaster();
    ray.setFromCamera(new Vector2(right, up), this.#camera);
    // Where a bone is cut, its inside seen from behind is the cap.
    const [plane] = this.#planes;
    const meshes = this.#bones.children.filter((mesh) => plane !== undefined || !isInside(mesh));
    for (const child of meshes) {
      const { geometry } = child as Mesh;
      geometry.boundsTree ??= new MeshBVH(geometry, { indirect: true });
    }
    const hit = ray
      .intersectObjects(meshes, false)
      .find(({ point }) => plane === undefined || plane.distanceToPoint(point) >= 0);
    if (hit === undefined || plane === undefined || !isInside(hit.object)) return hit?.point.toArray();
    return ray.ray.intersectPlane(plane, new Vector3())?.toArray();
  }

  /** Marks points and the lines between each and the next, over everything. */
  set marks(points: readonly Point[]) {
    dispose(this.#marks);
    if (points.length > 0) {
      const geometry = new BufferGeometry().setFromPoints(points.map((p) => new Vector3(...p)));
      const over = { color: MARK, depthTest: false, transparent: true };
      this.#marks.add(
        new Points(geometry, new PointsMaterial({ ...over, size: 8, sizeAttenuation: false })),
        new Line(geometry, new LineBasicMaterial(over)),
      );
      for (const child of this.#marks.children) child.renderOrder = 10;
    }
    this.#draw();
  }

  /** Sizes the drawing to the canvas's box, in CSS pixels. */
  resize(width: number, height: number): void {
    this.#renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    this.#renderer.setSize(width, height, false);
    this.#fit();
    this.#draw();
  }

  #fit(): void {
    const { width, height } = this.#renderer.getSize(new Vector2());
    const aspect = width / Math.max(1, height);
    const [x, y] = aspect >= 1 ? [this.#half * aspect, this.#half] : [this.#half, this.#half / aspect];
    Object.assign(this.#camera, {
      left: -x,
      right: x,
      top: y,
      bottom: -y,
      near: 0.1,
      far: 10_000,
    });
    this.#camera.updateProjectionMatrix();
  }

  #draw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#renderer.render(this.#scene, this.#camera);
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    dispose(this.#bones);
    dispose(this.#marks);
    this.#controls.dispose();
    this.#renderer.dispose();
    // Browsers keep a handful of contexts, and drop the oldest.
    this.#renderer.forceContextLoss();
  }
}

/** Whether it is what a cut shows of the inside. */
const isInside = (mesh: Object3D): boolean =>
  ((mesh as Mesh).material as MeshPhongMaterial).side === BackSide;

/** Empties a group and frees what the graphics card holds of it. */
function dispose(group: Group): void {
  for (const child of [...group.children] as Mesh[]) {
    child.geometry.dispose();
    (child.material as MeshPhongMaterial).dispose();
    group.remove(child);
  }
}

import * as H from '../src/head/index.js';
import { randomKey, RandomStream } from '../src/core/rng.js';
const layout = H.fieldLayout(H.draftField);
const N=65536; const s=new RandomStream(randomKey(1));
const pts=new Float32Array(N*3).map(()=>s.uniform(.3,.7)); 
const table=new Float32Array(layout.entries*2).map(()=>s.uniform(-1,1));
const out=new Float32Array(N*16), out2=new Float32Array(N*16);
const PY=2654435761|0, PZ=805459861;
function hashed(level:any, table:Float32Array, points:Float32Array, count:number, out:Float32Array, stride:number, at:number){
  const {scale,size,offset}=level; const mask=size-1;
  for(let i=0,j=0,o=at;i<count;i++,j+=3,o+=stride){
    const px=points[j]*scale+.5, py=points[j+1]*scale+.5, pz=points[j+2]*scale+.5;
    const ix=px|0,iy=py|0,iz=pz|0; const fx=px-ix, fy=py-iy, fz=pz-iz; const gx=1-fx, gy=1-fy, gz=1-fz;
    const y0=Math.imul(iy,PY), y1=(y0+PY)|0, z0=Math.imul(iz,PZ), z1=(z0+PZ)|0;
    const h00=y0^z0,h10=y1^z0,h01=y0^z1,h11=y1^z1; const ix1=ix+1;
    const w00=gy*gz,w10=fy*gz,w01=gy*fz,w11=fy*fz;
    const c0=(offset+((ix^h00)&mask))<<1,c1=(offset+((ix1^h00)&mask))<<1,c2=(offset+((ix^h10)&mask))<<1,c3=(offset+((ix1^h10)&mask))<<1,c4=(offset+((ix^h01)&mask))<<1,c5=(offset+((ix1^h01)&mask))<<1,c6=(offset+((ix^h11)&mask))<<1,c7=(offset+((ix1^h11)&mask))<<1;
    out[o]=w00*(gx*table[c0]+fx*table[c1])+w10*(gx*table[c2]+fx*table[c3])+w01*(gx*table[c4]+fx*table[c5])+w11*(gx*table[c6]+fx*table[c7]);
    out[o+1]=w00*(gx*table[c0+1]+fx*table[c1+1])+w10*(gx*table[c2+1]+fx*table[c3+1])+w01*(gx*table[c4+1]+fx*table[c5+1])+w11*(gx*table[c6+1]+fx*table[c7+1]);
  }
}
const time = (name:string, f:()=>void)=>{let best=1e9; for(let i=0;i<12;i++){const t=performance.now(); f(); best=Math.min(best,performance.now()-t);} console.log(name,best.toFixed(1),'ms');};
time('old', ()=>H.encodePoints(layout,table,pts,N,out));
time('inline', ()=>layout.levels.forEach((l,k)=>hashed(l,table,pts,N,out2,16,k*2)));
const g=new Float32Array(N*16).map(()=>s.normal()); const tg=new Float32Array(table.length);
time('scatter', ()=>H.scatterGradient(layout,pts,N,g,tg));
